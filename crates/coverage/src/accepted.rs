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

use proofmark_catalog::{Deferrable, Promise, TableName};
use proofmark_trace::TableWritten;

use crate::lease::Lease;

/// The rows of one lease, by table.
#[derive(Debug)]
pub(crate) struct Rows(BTreeMap<TableName, Passed>);

/// Rows of one table.
#[derive(Debug, Clone, Copy, Default)]
struct Passed {
    /// Rows that stayed: committed inserts less committed deletes.
    live: u64,
    /// Rows that were written, committed or not, less the errors that cost one.
    written: u64,
}

impl Rows {
    pub(crate) fn of(lease: &Lease<'_>) -> Self {
        let refused_rows = refused_rows(lease);
        let passed = |table: &TableWritten| {
            let name = TableName::new(&table.schema, &table.table);
            let written = count(table.inserted) + count(table.updated);
            let refused = refused_rows.get(&name).copied().unwrap_or(0);
            let passed = Passed { live: live(table), written: written.saturating_sub(refused) };
            (name, passed)
        };
        Self(lease.written.into_iter().flatten().map(passed).collect())
    }

    /// How many rows the promise is known to have let pass.
    pub(crate) fn accepted_by(&self, promise: &Promise) -> u64 {
        let tables = promise.evaluated_by_writes_to.iter();
        tables
            .filter_map(|table| self.0.get(table))
            .map(|passed| match promise.deferrable {
                Deferrable::InitiallyDeferred => passed.live,
                Deferrable::No | Deferrable::InitiallyImmediate => passed.live.max(passed.written),
            })
            .sum()
    }
}

/// Errors that come after the statistics have counted the row, by the table they name.
fn refused_rows(lease: &Lease<'_>) -> BTreeMap<TableName, u64> {
    let mut refused = BTreeMap::new();
    for error in &lease.errors {
        let refusal = error.refusal;
        let counted_before = matches!(refusal.sqlstate.as_str(), "23505" | "23P01" | "23503");
        if let (true, Some(schema), Some(table)) = (counted_before, &refusal.schema, &refusal.table)
        {
            *refused.entry(TableName::new(schema, table)).or_default() += 1;
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
