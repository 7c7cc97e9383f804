//! Describe: the columns and parameters of a prepared statement or portal.
//!
//! **Invariant**: a target other than `S` is taken for a portal when the body was cut or wrong;
//! the server will say what it thinks of it.

use crate::frame::{frame, string};
use crate::{Cursor, Malformed, tag};

/// What a Describe or Close speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A prepared statement.
    Statement,
    /// A portal.
    Portal,
}

impl Target {
    /// The byte that stands for it.
    pub fn code(self) -> u8 {
        match self {
            Self::Statement => b'S',
            Self::Portal => b'P',
        }
    }
}

/// A Describe message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Describe<'a> {
    /// What the name names.
    pub target: Target,
    /// The name; empty for the unnamed one.
    pub name: &'a [u8],
}

impl<'a> Describe<'a> {
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
        write(out, tag::frontend::DESCRIBE, self.target, self.name);
    }
}

pub(super) fn target_and_name(body: &[u8]) -> (Target, &[u8]) {
    let target = if body.first() == Some(&b'S') { Target::Statement } else { Target::Portal };
    (target, Cursor::new(body.get(1..).unwrap_or_default()).string_or_rest())
}

pub(super) fn parse_target_and_name(body: &[u8]) -> Result<(Target, &[u8]), Malformed> {
    let mut cursor = Cursor::new(body);
    let target = match cursor.byte("target")? {
        b'S' => Target::Statement,
        b'P' => Target::Portal,
        _ => return Err(Malformed { what: "target" }),
    };
    Ok((target, cursor.string("name of a statement or portal")?))
}

pub(super) fn write(out: &mut Vec<u8>, tag: u8, target: Target, name: &[u8]) {
    frame(out, tag, |body| {
        body.push(target.code());
        string(body, name);
    });
}
