//! Bind: parameters for a prepared statement, giving a portal.
//!
//! **Invariant**: values are bytes; format codes say whether they are text, and are kept.

use crate::frame::{count, frame, string};
use crate::{Cursor, Malformed, tag};

/// A Bind message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind<'a> {
    /// Name of the portal; empty for the unnamed one.
    pub portal: &'a [u8],
    /// Name of the prepared statement.
    pub statement: &'a [u8],
    /// Formats of the parameters: none for all text, one for all, or one each (0 text, 1 binary).
    pub parameter_formats: Vec<i16>,
    /// The parameters; `None` is NULL.
    pub parameters: Vec<Option<&'a [u8]>>,
    /// Formats of the result's columns, counted like those of the parameters.
    pub result_formats: Vec<i16>,
}

/// The part of a Bind message that can be read when its body was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindHead<'a> {
    /// Name of the portal.
    pub portal: &'a [u8],
    /// Name of the prepared statement.
    pub statement: &'a [u8],
}

impl<'a> Bind<'a> {
    /// The names in a body that may have been cut behind them.
    #[inline]
    pub fn head(body: &'a [u8]) -> BindHead<'a> {
        let mut cursor = Cursor::new(body);
        BindHead { portal: cursor.string_or_rest(), statement: cursor.string_or_rest() }
    }

    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body is shorter than its counts say.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let portal = cursor.string("name of a portal")?;
        let statement = cursor.string("name of a statement")?;
        let parameter_formats = formats(&mut cursor)?;
        let parameter_count = cursor.count("number of parameters")?;
        let parameters =
            (0..parameter_count).map(|_| parameter(&mut cursor)).collect::<Result<_, _>>()?;
        let result_formats = formats(&mut cursor)?;
        Ok(Self { portal, statement, parameter_formats, parameters, result_formats })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::frontend::BIND, |body| {
            string(body, self.portal);
            string(body, self.statement);
            write_formats(body, &self.parameter_formats);
            count(body, self.parameters.len());
            for parameter in &self.parameters {
                crate::backend::write_value(body, *parameter);
            }
            write_formats(body, &self.result_formats);
        });
    }
}

fn formats(cursor: &mut Cursor<'_>) -> Result<Vec<i16>, Malformed> {
    let formats = cursor.count("number of format codes")?;
    (0..formats).map(|_| cursor.i16("format code")).collect()
}

fn parameter<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, Malformed> {
    match cursor.i32("length of a parameter")? {
        -1 => Ok(None),
        length => {
            let what = "length of a parameter";
            let length = usize::try_from(length).map_err(|_| Malformed { what })?;
            cursor.bytes(length, "value of a parameter").map(Some)
        }
    }
}

fn write_formats(body: &mut Vec<u8>, formats: &[i16]) {
    count(body, formats.len());
    for format in formats {
        body.extend_from_slice(&format.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_back_and_null_is_none() {
        let message = Bind {
            portal: b"p",
            statement: b"s",
            parameter_formats: vec![0, 1],
            parameters: vec![Some(b"text"), None, Some(b"")],
            result_formats: vec![1],
        };
        let mut bytes = Vec::new();
        message.write(&mut bytes);
        let body = &bytes[5..];
        assert_eq!(Bind::parse(body).as_ref(), Ok(&message));
        assert_eq!(Bind::head(&body[..4]), BindHead { portal: b"p", statement: b"s" });
        for end in 0..body.len() {
            assert!(Bind::parse(&body[..end]).is_err(), "a body cut at {end}");
        }
    }
}
