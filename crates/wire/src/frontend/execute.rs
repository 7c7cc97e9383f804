//! Execute: run a portal.
//!
//! **Invariant**: the row limit is the client's; 0 means none.

use crate::frame::{frame, string};
use crate::{Cursor, Malformed, tag};

/// An Execute message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Execute<'a> {
    /// Name of the portal; empty for the unnamed one.
    pub portal: &'a [u8],
    /// Rows to return at most; 0 for all.
    pub rows_max: i32,
}

impl<'a> Execute<'a> {
    /// The portal's name in a body that may have been cut behind it.
    #[inline]
    pub fn portal(body: &'a [u8]) -> &'a [u8] {
        Cursor::new(body).string_or_rest()
    }

    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body is too short.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let portal = cursor.string("name of a portal")?;
        Ok(Self { portal, rows_max: cursor.i32("row limit")? })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::frontend::EXECUTE, |body| {
            string(body, self.portal);
            body.extend_from_slice(&self.rows_max.to_be_bytes());
        });
    }
}
