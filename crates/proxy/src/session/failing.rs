//! What a refused row or key was, as far as the server's detail shows it.
//!
//! In: fields of an error. Out: a [`FailingRow`] or [`FailingKey`], which the lease keeps for its
//! end. Main type: [`Failing`].
//!
//! **Invariant**: what it cannot read for sure it does not keep, and none of it enters an event.

use crate::leases::Lease;
use crate::{FailingKey, FailingRow};

/// Bytes of a refused row that are kept; the server cuts every value to 64.
const ROW_KEPT: usize = 8 * 1024;
/// Bytes of a refused key that are kept.
const KEY_TEXT_KEPT: usize = 1024;

/// The fields of an error that say what was refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failing<'a> {
    pub(crate) sqlstate: Option<&'a str>,
    pub(crate) detail: Option<&'a [u8]>,
    pub(crate) schema: Option<&'a str>,
    pub(crate) table: Option<&'a str>,
    pub(crate) column: Option<&'a str>,
    pub(crate) constraint: Option<&'a str>,
}

impl Failing<'_> {
    /// Has the lease keep what there is to keep.
    pub(crate) fn keep(&self, lease: &Lease) {
        if let Some(row) = self.row() {
            lease.keep_failing_row(row);
        }
        if let Some(key) = self.key() {
            lease.keep_failing_key(key);
        }
    }

    /// The row in the detail of a refused CHECK or NOT NULL. Its parentheses are found rather than
    /// the words around it, which the server translates.
    fn row(&self) -> Option<FailingRow> {
        let sqlstate = self.sqlstate.filter(|sqlstate| matches!(*sqlstate, "23514" | "23502"))?;
        let detail = self.detail?;
        let start = detail.iter().position(|byte| *byte == b'(')?;
        let end = detail.iter().rposition(|byte| *byte == b')')?;
        let row = detail.get(start..=end)?;
        // Where the role may not read every column the server names those it shows, `(a) = (1)`;
        // that is no row.
        if row.windows(5).any(|window| window == b") = (") {
            return None;
        }
        Some(FailingRow {
            sqlstate: sqlstate.to_owned(),
            schema: self.schema?.to_owned(),
            table: self.table?.to_owned(),
            constraint: self.constraint.map(str::to_owned),
            column: self.column.map(str::to_owned),
            row_text: String::from_utf8_lossy(&row[..row.len().min(ROW_KEPT)]).into_owned(),
        })
    }

    /// The key in the detail of a refused foreign key, `(a, b)=(x, y)`. Its parentheses are found
    /// rather than the words around it, which the server translates.
    fn key(&self) -> Option<FailingKey> {
        self.sqlstate.filter(|sqlstate| *sqlstate == "23503")?;
        let detail = self.detail?;
        let middle = detail.windows(3).position(|window| window == b")=(")?;
        let (start, behind) =
            (detail[..middle].iter().position(|byte| *byte == b'(')?, &detail[middle + 3..]);
        // A closing parenthesis in a value would cut it short; then it is nothing that is known.
        let end = behind.iter().position(|byte| *byte == b')')?;
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(&bytes[..bytes.len().min(KEY_TEXT_KEPT)]).into_owned()
        };
        Some(FailingKey {
            schema: self.schema?.to_owned(),
            table: self.table?.to_owned(),
            constraint: self.constraint?.to_owned(),
            columns: text(&detail[start + 1..middle]),
            key_text: text(&behind[..end]),
        })
    }
}
