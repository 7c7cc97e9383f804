//! Whole messages of a console client, and what it is greeted with.
//!
//! In go bytes of a socket, out come messages of a bounded length. Main type: [`Incoming`].
//!
//! **Invariant**: a message longer than [`LENGTH_MAX`] ends the conversation; nobody sends one to
//! a console in good faith.

use std::io;

use proofmark_wire::backend::{
    Authentication, BackendKeyData, NegotiateProtocolVersion, ParameterStatus,
};
use proofmark_wire::startup::StartupMessage;
use tokio::io::AsyncReadExt;

use crate::stream::Stream;

/// The version that the console says it is: one whose protocol it speaks and that every driver
/// knows.
pub(super) const SERVER_VERSION: &str = "15.0";
/// Longest message, in bytes.
const LENGTH_MAX: usize = 64 * 1024;
/// Protocol 3.0, as it stands in a startup message.
const PROTOCOL: u32 = 3 << 16;

/// One message.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) tag: u8,
    bytes: Vec<u8>,
}

impl Whole {
    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[5..]
    }
}

/// Why there is no next message.
#[derive(Debug)]
pub(super) enum NoMessage {
    Left,
    TooLong,
}

/// Reads messages.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
}

impl Incoming {
    /// Begins with bytes that have arrived already.
    pub(super) fn starting_with(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// The next message.
    pub(super) async fn next(&mut self, client: &mut Stream) -> Result<Whole, NoMessage> {
        loop {
            if let Some(header) = self.bytes.first_chunk::<5>() {
                let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                if !(4..LENGTH_MAX).contains(&length) {
                    return Err(NoMessage::TooLong);
                }
                if self.bytes.len() > length {
                    let rest = self.bytes.split_off(length + 1);
                    let bytes = std::mem::replace(&mut self.bytes, rest);
                    return Ok(Whole { tag: bytes[0], bytes });
                }
            }
            match client.read_buf(&mut self.bytes).await {
                Ok(0) | Err(_) => return Err(NoMessage::Left),
                Ok(_) => {}
            }
        }
    }
}

/// Appends what a server says before the first command. `ReadyForQuery` follows it.
pub(super) fn greet(startup: &StartupMessage, out: &mut Vec<u8>) {
    let options = startup.protocol_options();
    if startup.version.minor > 0 || !options.is_empty() {
        NegotiateProtocolVersion { newest: PROTOCOL, unknown_options: options }.write(out);
    }
    Authentication::write_ok(out);
    let user = startup.user().unwrap_or_default();
    let application_name = startup.parameter("application_name").unwrap_or_default();
    let settings: [(&str, &[u8]); 11] = [
        ("application_name", application_name),
        ("client_encoding", b"UTF8"),
        ("DateStyle", b"ISO, MDY"),
        ("integer_datetimes", b"on"),
        ("IntervalStyle", b"postgres"),
        ("is_superuser", b"off"),
        ("server_encoding", b"UTF8"),
        ("server_version", SERVER_VERSION.as_bytes()),
        ("session_authorization", user),
        ("standard_conforming_strings", b"on"),
        ("TimeZone", b"UTC"),
    ];
    for (name, value) in settings {
        ParameterStatus { name: name.as_bytes(), value }.write(out);
    }
    // Nothing here runs long enough to be cancelled; drivers want a key all the same.
    BackendKeyData { process: 0, secret: &[0; 4] }.write(out);
}

/// Sends and empties a buffer.
pub(super) async fn send(client: &mut Stream, out: &mut Vec<u8>) -> io::Result<()> {
    use tokio::io::AsyncWriteExt;
    let sent = client.write_all(out).await;
    out.clear();
    sent
}
