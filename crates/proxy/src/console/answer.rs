//! What a command answers, and how that is written.
//!
//! **Invariant**: every value is text, so binary and text format have the same bytes.

use proofmark_wire::backend::{CommandComplete, DataRow, RowDescription};

/// Rows and the tag that ends them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) rows: Vec<Vec<String>>,
    pub(super) tag: String,
}

impl Answer {
    /// Rows, counted as a SELECT's are.
    pub(super) fn rows(rows: Vec<Vec<String>>) -> Self {
        let tag = format!("SELECT {}", rows.len());
        Self { rows, tag }
    }

    /// No rows.
    pub(super) fn done(tag: &str) -> Self {
        Self { rows: Vec::new(), tag: tag.to_owned() }
    }

    /// Appends the rows and the end.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for row in &self.rows {
            let values = row.iter().map(|value| Some(value.as_bytes())).collect();
            DataRow { values }.write(out);
        }
        CommandComplete { command: self.tag.as_bytes() }.write(out);
    }
}

/// Appends the description of these columns, if there are any.
pub(super) fn describe(columns: &[&str], formats: &[i16], out: &mut Vec<u8>) -> bool {
    if columns.is_empty() {
        return false;
    }
    RowDescription::texts(columns, formats).write(out);
    true
}
