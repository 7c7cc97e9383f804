//! RowDescription: the columns of the rows that follow.
//!
//! **Invariant**: what the console writes is always text; what a server sends is read as it is.

use crate::frame::{count, frame, string};
use crate::{Cursor, Malformed, tag};

/// Object id of the type `text` (pg_type.dat).
pub const TEXT_TYPE: u32 = 25;

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnDescription<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Object id of its type.
    pub type_id: u32,
    /// Length of its type; negative when it varies.
    pub type_length: i16,
    /// Format of its values (0 text, 1 binary).
    pub format: i16,
}

/// A RowDescription message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDescription<'a> {
    /// The columns.
    pub columns: Vec<ColumnDescription<'a>>,
}

impl<'a> RowDescription<'a> {
    /// Columns of type `text` with these names, in the formats that a Bind asked for.
    pub fn texts(names: &[&'a str], formats: &[i16]) -> Self {
        let format = |index: usize| match formats {
            [] => 0,
            [one] => *one,
            each => each.get(index).copied().unwrap_or(0),
        };
        let column = |(index, name): (usize, &&'a str)| ColumnDescription {
            name: name.as_bytes(),
            type_id: TEXT_TYPE,
            type_length: -1,
            format: format(index),
        };
        Self { columns: names.iter().enumerate().map(column).collect() }
    }

    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body is shorter than its count says.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let columns = cursor.count("number of columns")?;
        let columns = (0..columns).map(|_| column(&mut cursor)).collect::<Result<_, _>>()?;
        Ok(Self { columns })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::backend::ROW_DESCRIPTION, |body| {
            count(body, self.columns.len());
            for column in &self.columns {
                string(body, column.name);
                body.extend_from_slice(&[0; 6]);
                body.extend_from_slice(&column.type_id.to_be_bytes());
                body.extend_from_slice(&column.type_length.to_be_bytes());
                body.extend_from_slice(&(-1_i32).to_be_bytes());
                body.extend_from_slice(&column.format.to_be_bytes());
            }
        });
    }
}

fn column<'a>(cursor: &mut Cursor<'a>) -> Result<ColumnDescription<'a>, Malformed> {
    let name = cursor.string("name of a column")?;
    cursor.bytes(6, "table and number of a column")?;
    let type_id = cursor.u32("type of a column")?;
    let type_length = cursor.i16("length of a column's type")?;
    cursor.i32("modifier of a column's type")?;
    Ok(ColumnDescription { name, type_id, type_length, format: cursor.i16("format of a column")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_follow_the_rules_of_bind() {
        let formats = |asked: &[i16]| {
            let description = RowDescription::texts(&["a", "b"], asked);
            let mut bytes = Vec::new();
            description.write(&mut bytes);
            let read = RowDescription::parse(&bytes[5..]).expect("it was just written");
            assert_eq!(read, description);
            read.columns.iter().map(|column| column.format).collect::<Vec<_>>()
        };
        assert_eq!(formats(&[]), [0, 0]);
        assert_eq!(formats(&[1]), [1, 1]);
        assert_eq!(formats(&[0, 1]), [0, 1]);
    }
}
