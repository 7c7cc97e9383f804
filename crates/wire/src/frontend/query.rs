//! Query: a text of one or more statements, run at once.
//!
//! **Invariant**: the text is bytes; its encoding is the session's.

use crate::frame::{frame, string};
use crate::{Cursor, Malformed, tag};

/// A Query message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<'a> {
    /// The statements.
    pub text: &'a [u8],
}

impl<'a> Query<'a> {
    /// The text of a body that may have been cut.
    pub fn text(body: &'a [u8]) -> &'a [u8] {
        Cursor::new(body).string_or_rest()
    }

    /// Reads a whole body.
    ///
    /// # Errors
    /// When the text does not end.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        Ok(Self { text: Cursor::new(body).string("text of a query")? })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::frontend::QUERY, |body| string(body, self.text));
    }
}
