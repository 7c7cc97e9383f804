//! ReadyForQuery: the server waits for the next command.
//!
//! **Invariant**: it is the only message that tells a transaction's state.

use crate::frame::frame;
use crate::{Cursor, Malformed, TransactionStatus, tag};

/// A ReadyForQuery message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyForQuery {
    /// The transaction's state.
    pub status: TransactionStatus,
}

impl ReadyForQuery {
    /// Reads a whole body.
    ///
    /// # Errors
    /// When the state is none that servers send.
    #[inline]
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let status = match Cursor::new(body).byte("state of the transaction")? {
            b'I' => TransactionStatus::Idle,
            b'T' => TransactionStatus::Open,
            b'E' => TransactionStatus::Failed,
            _ => return Err(Malformed { what: "state of the transaction" }),
        };
        Ok(Self { status })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        let status = match self.status {
            TransactionStatus::Idle => b'I',
            TransactionStatus::Open => b'T',
            TransactionStatus::Failed => b'E',
        };
        frame(out, tag::backend::READY_FOR_QUERY, |body| body.push(status));
    }
}
