//! The proxy's own errors, as a client sees them.
//!
//! In goes a reason, out comes an ErrorResponse that says whose it is and what to do.
//! Main type: [`OwnError`].
//!
//! **Invariant**: every message starts with `proofmark: ` and carries `proofmark_proxy` in the
//! field where a server names its routine, so that it is never taken for the database's.

use std::time::Duration;

use proofmark_wire::backend::{ErrorResponse, Severity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::stream::Stream;

/// What stands in place of a routine of the server.
const ROUTINE: &str = "proofmark_proxy";
/// How long a client may take to read a refusal and close.
pub(crate) const FAREWELL: Duration = Duration::from_millis(500);

/// An error that the proxy itself gives.
#[derive(Debug, Clone)]
pub(crate) struct OwnError {
    pub(crate) severity: Severity,
    pub(crate) sqlstate: &'static str,
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl OwnError {
    /// An error that ends the session.
    pub(crate) fn fatal(
        sqlstate: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (message, hint) = (message.into(), hint.into());
        Self { severity: Severity::Fatal, sqlstate, message, hint }
    }

    /// An error that the session survives.
    pub(crate) fn error(
        sqlstate: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Error, ..Self::fatal(sqlstate, message, hint) }
    }

    /// The session's lease is over.
    pub(crate) fn lease_ended(why: &str) -> Self {
        Self::fatal(
            "57P01",
            format!("the lease of this session has ended: {why}"),
            "connect again to get a new database",
        )
    }

    /// The server closed the session and gave no reason.
    pub(crate) fn server_lost() -> Self {
        Self::fatal(
            "08006",
            "the server closed this session without a word",
            "look into the server's log; `proofmark doctor` says where it is",
        )
    }

    /// The proxy is going away.
    pub(crate) fn shutting_down() -> Self {
        Self::fatal(
            "57P01",
            "the run is over and its databases are taken back",
            "start the run again with `proofmark run`",
        )
    }

    /// Appends the message.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        ErrorResponse {
            severity: self.severity,
            sqlstate: self.sqlstate,
            message: &format!("proofmark: {}", self.message),
            hint: &self.hint,
            routine: ROUTINE,
        }
        .write(out);
    }

    /// Sends it and closes, giving the client a moment to read it. Closing at once could make the
    /// system throw the message away if the client has sent more.
    pub(crate) async fn send_and_close(&self, client: Stream) {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        send_and_close(client, &bytes).await;
    }
}

/// Sends the last bytes and closes, giving the client a moment to read them.
pub(crate) async fn send_and_close(mut client: Stream, bytes: &[u8]) {
    // A client that is gone cannot be told.
    drop(tokio::time::timeout(FAREWELL, farewell(&mut client, bytes)).await);
}

/// Sends the last bytes and reads until the client has closed too.
pub(crate) async fn farewell(client: &mut Stream, bytes: &[u8]) -> std::io::Result<()> {
    client.write_all(bytes).await?;
    client.shutdown().await?;
    let mut unread = [0; 512];
    while client.read(&mut unread).await? > 0 {}
    Ok(())
}
