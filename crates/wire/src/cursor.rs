//! Reads the primitive values of a message body: integers, NUL-terminated strings, byte runs.
//!
//! In goes a body, out come values or [`Malformed`]. Main type: [`Cursor`].
//!
//! **Invariant**: it never reads past the body and knows no message.

use thiserror::Error;

/// A body that ended early or holds a value that the protocol does not allow.
#[derive(Debug, Error, PartialEq, Eq, Clone, Copy)]
#[error("malformed message: {what}")]
pub struct Malformed {
    /// What was expected where it went wrong.
    pub what: &'static str,
}

/// A position in a message body.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of `body`.
    pub fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `length` bytes.
    pub fn bytes(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Malformed { what })?;
        self.rest = rest;
        Ok(bytes)
    }

    /// One byte.
    pub fn byte(&mut self, what: &'static str) -> Result<u8, Malformed> {
        Ok(self.array::<1>(what)?[0])
    }

    /// A 16-bit count, which the protocol sends as a signed integer.
    pub fn count(&mut self, what: &'static str) -> Result<usize, Malformed> {
        usize::try_from(self.i16(what)?).map_err(|_| Malformed { what })
    }

    /// A big-endian 16-bit integer.
    pub fn i16(&mut self, what: &'static str) -> Result<i16, Malformed> {
        Ok(i16::from_be_bytes(self.array(what)?))
    }

    /// A big-endian 32-bit integer.
    pub fn i32(&mut self, what: &'static str) -> Result<i32, Malformed> {
        Ok(i32::from_be_bytes(self.array(what)?))
    }

    /// A big-endian unsigned 32-bit integer, such as an object id.
    pub fn u32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    /// A string up to its NUL, which is read too.
    pub fn string(&mut self, what: &'static str) -> Result<&'a [u8], Malformed> {
        let end = self.rest.iter().position(|byte| *byte == 0).ok_or(Malformed { what })?;
        let text = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Ok(text)
    }

    /// A string up to its NUL, or up to the end of a body that was cut there.
    pub fn string_or_rest(&mut self) -> &'a [u8] {
        self.string("").unwrap_or_else(|_| std::mem::take(&mut self.rest))
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(Malformed { what })?;
        self.rest = rest;
        Ok(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_order_and_a_short_body_is_malformed() {
        let mut cursor = Cursor::new(b"a\0\x00\x02\xff\xff\xff\xffrest");
        assert_eq!(cursor.string("name"), Ok(&b"a"[..]));
        assert_eq!(cursor.count("count"), Ok(2));
        assert_eq!(cursor.i32("length"), Ok(-1));
        assert_eq!(cursor.rest(), b"rest");
        assert_eq!(cursor.bytes(5, "five bytes"), Err(Malformed { what: "five bytes" }));
        assert_eq!(cursor.string("text"), Err(Malformed { what: "text" }));
        assert_eq!(cursor.string_or_rest(), b"rest");
        assert_eq!(cursor.byte("byte"), Err(Malformed { what: "byte" }));
    }

    #[test]
    fn a_negative_count_is_malformed() {
        assert_eq!(Cursor::new(b"\xff\xff").count("count"), Err(Malformed { what: "count" }));
    }
}
