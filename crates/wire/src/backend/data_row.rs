//! DataRow: one row of a result.
//!
//! **Invariant**: values are bytes or NULL; their types are told by the RowDescription before.

use crate::frame::{count, frame};
use crate::{Cursor, Malformed, tag};

/// A DataRow message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataRow<'a> {
    /// The values; `None` is NULL.
    pub values: Vec<Option<&'a [u8]>>,
}

impl<'a> DataRow<'a> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body is shorter than its counts say.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let columns = cursor.count("number of values")?;
        let mut values = Vec::new();
        for _ in 0..columns {
            values.push(match cursor.i32("length of a value")? {
                -1 => None,
                length => {
                    let what = "length of a value";
                    let length = usize::try_from(length).map_err(|_| Malformed { what })?;
                    Some(cursor.bytes(length, "value")?)
                }
            });
        }
        Ok(Self { values })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::backend::DATA_ROW, |body| {
            count(body, self.values.len());
            for value in &self.values {
                write_value(body, *value);
            }
        });
    }
}

/// Appends a value behind its length; NULL has the length -1.
pub(crate) fn write_value(body: &mut Vec<u8>, value: Option<&[u8]>) {
    let Some(value) = value else {
        body.extend_from_slice(&(-1_i32).to_be_bytes());
        return;
    };
    let length = i32::try_from(value.len()).expect("values written here are a few kilobytes");
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_the_empty_value_differ() {
        let row = DataRow { values: vec![Some(b"a"), None, Some(b"")] };
        let mut bytes = Vec::new();
        row.write(&mut bytes);
        assert_eq!(DataRow::parse(&bytes[5..]), Ok(row));
    }
}
