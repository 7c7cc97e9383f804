//! ParameterStatus: a setting that drivers want to know.
//!
//! **Invariant**: it can come at any time and answers nothing.

use crate::frame::{frame, string};
use crate::{Cursor, Malformed, tag};

/// A ParameterStatus message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterStatus<'a> {
    /// Name of the setting.
    pub name: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
}

impl<'a> ParameterStatus<'a> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body ends early.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        Ok(Self {
            name: cursor.string("name of a setting")?,
            value: cursor.string("value of a setting")?,
        })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::backend::PARAMETER_STATUS, |body| {
            string(body, self.name);
            string(body, self.value);
        });
    }
}
