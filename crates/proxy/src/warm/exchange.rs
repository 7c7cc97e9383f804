//! Asks a backend something that no client asked.
//!
//! In go messages, out comes whether the server answered all of them without complaint.
//!
//! **Invariant**: no client is there to see the answers, and behind a good one nothing is left
//! unread.

use std::io;
use std::time::Duration;

use proofmark_wire::tag::backend as b;
use tokio::io::AsyncWriteExt;

use crate::backend::Incoming;
use crate::stream::Stream;

/// How long a server may take for statements that take it microseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sends `bytes` and reads until the server has been ready `readies` times; ParameterStatus
/// messages are shown to `status`.
///
/// Fails when the server complains, tells of something else, leaves a transaction open, or takes
/// too long.
pub(super) async fn exchange(
    server: &mut Stream,
    bytes: &[u8],
    readies: usize,
    status: impl FnMut(&[u8]),
) -> io::Result<()> {
    let asked = tokio::time::timeout(PATIENCE, ask(server, bytes, readies, status)).await;
    asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn ask(
    server: &mut Stream,
    bytes: &[u8],
    mut readies: usize,
    mut status: impl FnMut(&[u8]),
) -> io::Result<()> {
    server.write_all(bytes).await?;
    let mut incoming = Incoming::new(server);
    while readies > 0 {
        let message = incoming.message().await?;
        match (message[0], &message[5..]) {
            (b::READY_FOR_QUERY, b"I") => readies -= 1,
            // Behind a ROLLBACK that was not the last of what was sent.
            (b::READY_FOR_QUERY, _) if readies > 1 => readies -= 1,
            (b::PARAMETER_STATUS, body) => status(body),
            (
                b::COMMAND_COMPLETE
                | b::ROW_DESCRIPTION
                | b::DATA_ROW
                | b::NOTICE_RESPONSE
                // Sent by another session before this one stopped listening.
                | b::NOTIFICATION_RESPONSE,
                _,
            ) => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    if incoming.is_read() { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}
