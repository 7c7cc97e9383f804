//! CommandComplete: a statement ended.
//!
//! **Invariant**: the command tag is text made by the server; only the row count is read from it.

use crate::frame::{frame, string};
use crate::{Cursor, Malformed, tag};

/// A CommandComplete message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandComplete<'a> {
    /// The command tag, such as `INSERT 0 1`.
    pub command: &'a [u8],
}

impl<'a> CommandComplete<'a> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// When the tag does not end.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        Ok(Self { command: Cursor::new(body).string("command tag")? })
    }

    /// Rows that the command touched, where it says so.
    pub fn rows(&self) -> Option<u64> {
        let last = self.command.rsplit(|byte| *byte == b' ').next()?;
        std::str::from_utf8(last).ok()?.parse().ok()
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::backend::COMMAND_COMPLETE, |body| string(body, self.command));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_count_is_the_last_word() {
        let rows = |command: &'static [u8]| CommandComplete { command }.rows();
        assert_eq!(rows(b"INSERT 0 17"), Some(17));
        assert_eq!(rows(b"SELECT 3"), Some(3));
        assert_eq!(rows(b"BEGIN"), None);
    }
}
