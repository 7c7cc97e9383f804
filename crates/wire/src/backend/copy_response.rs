//! CopyInResponse, CopyOutResponse and CopyBothResponse: COPY begins.
//!
//! **Invariant**: the three differ by their tag only.

use crate::{Cursor, Malformed};

/// The body that all three share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyResponse {
    /// Whether the data is binary.
    pub is_binary: bool,
    /// Format of every column (0 text, 1 binary).
    pub column_formats: Vec<i16>,
}

impl CopyResponse {
    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body is shorter than its count says.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let is_binary = cursor.byte("format of a COPY")? == 1;
        let columns = cursor.count("number of columns of a COPY")?;
        let column_formats =
            (0..columns).map(|_| cursor.i16("format of a column")).collect::<Result<_, _>>()?;
        Ok(Self { is_binary, column_formats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_per_column() {
        let response = CopyResponse::parse(&[1, 0, 2, 0, 1, 0, 0]);
        let expected = CopyResponse { is_binary: true, column_formats: vec![1, 0] };
        assert_eq!(response, Ok(expected));
        assert!(CopyResponse::parse(&[1, 0, 2, 0, 1]).is_err());
    }
}
