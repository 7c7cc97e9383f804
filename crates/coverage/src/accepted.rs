//! Which rows a promise let pass, by the database's own statistics.
//!
//! In: what was written to each table during a lease, the errors of the lease. Out: a number of
//! rows, 0 where acceptance is not proven. Main type: [`Rows`].
//!
//! The statistics count rows of failed unique checks and of transactions that were rolled back,
//! but not rows that a CHECK or NOT NULL refused (`pgstat_count_heap_insert` runs in
//! `heap_insert`, after `ExecConstraints` and before the index entries). So of the rows that were
//! inserted and updated, one may be taken away for each error of an index or foreign key that
//! names the table; any that is left went through. A promise that is only checked at COMMIT says
//! nothing about rows that were rolled back; for it only rows that stayed count.
//!
//! **Invariant**: no SQL is parsed; a row that cannot be proven is not counted.

use std::collections::BTreeMap;

use proofmark_catalog::Deferrable;
use proofmark_trace::TableWritten;

use crate::lease::Lease;

/// Rows that went through, of one table in one lease.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// The table.
    pub(crate) schema: &'a str,
    pub(crate) table: &'a str,
    /// Rows that stayed: committed inserts less committed deletes.
    live: u64,
    /// Rows that were written, committed or not, less the errors that cost one.
    written: u64,
}

impl<'a> Rows<'a> {
    /// Those of each table that was written to in `lease`.
    pub(crate) fn of(lease: &Lease<'a>) -> impl Iterator<Item = Self> {
        let refused_rows = refused_rows(lease);
        lease.written.into_iter().flatten().map(move |table| {
            let written = count(table.inserted) + count(table.updated);
            let name = (table.schema.as_str(), table.table.as_str());
            let refused = refused_rows.get(&name).copied().unwrap_or(0);
            Self {
                schema: name.0,
                table: name.1,
                live: live(table),
                written: written.saturating_sub(refused),
            }
        })
    }

    /// How many of them a promise that is checked at this time is known to have let pass.
    pub(crate) fn accepted(self, deferrable: Deferrable) -> u64 {
        match deferrable {
            Deferrable::InitiallyDeferred => self.live,
            Deferrable::No | Deferrable::InitiallyImmediate => self.live.max(self.written),
        }
    }
}

/// Errors that come after the statistics have counted the row, by the table they name.
fn refused_rows<'a>(lease: &Lease<'a>) -> BTreeMap<(&'a str, &'a str), u64> {
    let mut refused = BTreeMap::new();
    for error in &lease.errors {
        let refusal = error.refusal;
        let counted_before = matches!(refusal.sqlstate.as_str(), "23505" | "23P01" | "23503");
        if let (true, Some(schema), Some(table)) = (counted_before, &refusal.schema, &refusal.table)
        {
            *refused.entry((schema.as_str(), table.as_str())).or_default() += 1;
        }
    }
    refused
}

/// More rows than were inserted cannot have stayed: then ANALYZE has replaced the change of the
/// table's rows by their number, seeds included, and nothing is known.
fn live(table: &TableWritten) -> u64 {
    if table.live > table.inserted { 0 } else { count(table.live) }
}

/// The statistics are signed because `live` can fall.
fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or(0)
}
