//! The three bodies that a `p` message can have while Proofmark itself logs in to a server.
//!
//! **Invariant**: nothing here prints a secret: there is no `Debug` of one.

use crate::frame::{frame, string};
use crate::tag;

/// A password, in clear text or already hashed (`md5...`).
#[derive(Clone, Copy)]
pub struct Password<'a> {
    /// What to send.
    pub secret: &'a [u8],
}

impl std::fmt::Debug for Password<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Password").finish_non_exhaustive()
    }
}

impl Password<'_> {
    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::frontend::PASSWORD, |body| string(body, self.secret));
    }
}

/// The choice of a SASL mechanism with its first message.
#[derive(Debug, Clone, Copy)]
pub struct SaslInitialResponse<'a> {
    /// Name of the mechanism.
    pub mechanism: &'a str,
    /// The mechanism's first message.
    pub response: &'a [u8],
}

impl SaslInitialResponse<'_> {
    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::frontend::PASSWORD, |body| {
            string(body, self.mechanism.as_bytes());
            crate::backend::write_value(body, Some(self.response));
        });
    }
}

/// A further message of a SASL exchange.
#[derive(Debug, Clone, Copy)]
pub struct SaslResponse<'a> {
    /// The mechanism's message.
    pub response: &'a [u8],
}

impl SaslResponse<'_> {
    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::frontend::PASSWORD, |body| body.extend_from_slice(self.response));
    }
}
