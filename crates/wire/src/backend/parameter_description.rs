//! ParameterDescription: types of a prepared statement's parameters.
//!
//! **Invariant**: types are object ids; their meaning is the client's to know.

use crate::frame::{count, frame};
use crate::tag;

/// A ParameterDescription message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterDescription {
    /// Object id of each parameter's type.
    pub types: Vec<u32>,
}

impl ParameterDescription {
    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::backend::PARAMETER_DESCRIPTION, |body| {
            count(body, self.types.len());
            for parameter_type in &self.types {
                body.extend_from_slice(&parameter_type.to_be_bytes());
            }
        });
    }
}
