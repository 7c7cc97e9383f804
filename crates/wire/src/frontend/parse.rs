//! Parse: prepare a statement under a name.
//!
//! **Invariant**: the text is bytes; its encoding is the session's.

use crate::frame::{count, frame, string};
use crate::{Cursor, Malformed, tag};

/// A Parse message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parse<'a> {
    /// Name of the prepared statement; empty for the unnamed one.
    pub name: &'a [u8],
    /// The statement.
    pub text: &'a [u8],
    /// Object ids of the parameters' types, 0 where the server shall decide.
    pub parameter_types: Vec<u32>,
}

/// The part of a Parse message that can be read when its body was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseHead<'a> {
    /// Name of the prepared statement; empty for the unnamed one.
    pub name: &'a [u8],
    /// The statement, possibly cut.
    pub text: &'a [u8],
}

impl<'a> Parse<'a> {
    /// Name and text of a body that may have been cut.
    pub fn head(body: &'a [u8]) -> ParseHead<'a> {
        let mut cursor = Cursor::new(body);
        ParseHead { name: cursor.string_or_rest(), text: cursor.string_or_rest() }
    }

    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body is shorter than its counts say.
    #[expect(clippy::self_named_constructors, reason = "every message is read by `parse`")]
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let name = cursor.string("name of a statement")?;
        let text = cursor.string("text of a statement")?;
        let types = cursor.count("number of parameter types")?;
        let parameter_types =
            (0..types).map(|_| cursor.u32("type of a parameter")).collect::<Result<_, _>>()?;
        Ok(Self { name, text, parameter_types })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::frontend::PARSE, |body| {
            string(body, self.name);
            string(body, self.text);
            count(body, self.parameter_types.len());
            for parameter_type in &self.parameter_types {
                body.extend_from_slice(&parameter_type.to_be_bytes());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_body_still_has_a_head() {
        let message = Parse { name: b"s1", text: b"select $1", parameter_types: vec![25, 0] };
        let mut bytes = Vec::new();
        message.write(&mut bytes);
        let body = &bytes[5..];
        assert_eq!(Parse::parse(body).as_ref(), Ok(&message));
        assert_eq!(Parse::head(&body[..7]), ParseHead { name: b"s1", text: b"sele" });
        assert!(Parse::parse(&body[..body.len() - 1]).is_err());
    }
}
