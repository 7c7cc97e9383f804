//! Close: forget a prepared statement or portal.
//!
//! **Invariant**: the same body as Describe, and nothing else in common.

use super::describe::{Target, parse_target_and_name, target_and_name, write};
use crate::{Malformed, tag};

/// A Close message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close<'a> {
    /// What the name names.
    pub target: Target,
    /// The name; empty for the unnamed one.
    pub name: &'a [u8],
}

impl<'a> Close<'a> {
    /// Target and name of a body that may have been cut.
    pub fn head(body: &'a [u8]) -> Self {
        let (target, name) = target_and_name(body);
        Self { target, name }
    }

    /// Reads a whole body.
    ///
    /// # Errors
    /// When the target is unknown or the name does not end.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let (target, name) = parse_target_and_name(body)?;
        Ok(Self { target, name })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        write(out, tag::frontend::CLOSE, self.target, self.name);
    }
}
