//! Tables and indexes: what was written and what was read.
//!
//! In: the counters of one lease after the other. Out: tables and indexes with their counts. Main
//! type: [`Reads`].
//!
//! **Invariant**: a partition counts for its root, an index of a partition for the index that it
//! is a part of.

use std::collections::{BTreeMap, HashMap};

use proofmark_catalog::{Catalog, Index, Table, TableKind, TableName};
use proofmark_trace::{Scans, TableWritten};

use super::rows::Rows;
use crate::model::{IndexEvidence, TableEvidence};
use crate::tally::Tally;
use crate::tests_seen::{Roll, TestNumber};

#[derive(Default)]
pub(super) struct Reads<'a> {
    tables: BTreeMap<&'a TableName, OfTable<'a>>,
    /// From the name of a table, which may be a partition, to its root.
    roots: HashMap<(&'a str, &'a str), &'a TableName>,
    /// By schema and name.
    indexes: BTreeMap<(&'a str, &'a str), (&'a Index, Tally)>,
    /// From an index to the one that it is a part of.
    wholes: HashMap<(&'a str, &'a str), (&'a str, &'a str)>,
}

struct OfTable<'a> {
    table: &'a Table,
    written: Tally,
    sequential: Tally,
    sequential_rows: u64,
}

impl<'a> Reads<'a> {
    pub(super) fn know(&mut self, catalog: &'a Catalog) {
        for table in &catalog.tables {
            let name = (table.name.schema.as_str(), table.name.name.as_str());
            self.roots.entry(name).or_insert(&table.root);
            if table.kind != TableKind::Partition {
                self.tables.entry(&table.name).or_insert_with(|| OfTable {
                    table,
                    written: Tally::default(),
                    sequential: Tally::default(),
                    sequential_rows: 0,
                });
            }
        }
        for index in &catalog.indexes {
            let name = (index.table.schema.as_str(), index.name.as_str());
            match &index.part_of {
                Some(whole) => {
                    self.wholes.insert(name, (whole.schema.as_str(), whole.name.as_str()));
                }
                None => {
                    self.indexes.entry(name).or_insert_with(|| (index, Tally::default()));
                }
            }
        }
    }

    fn table(&mut self, schema: &str, table: &str) -> Option<&mut OfTable<'a>> {
        let root = *self.roots.get(&(schema, table))?;
        self.tables.get_mut(root)
    }

    pub(super) fn written(&mut self, written: &TableWritten, test: Option<TestNumber>) {
        let rows = [written.inserted, written.updated, written.deleted];
        let rows = rows.iter().map(|rows| rows.unsigned_abs()).sum();
        if let Some(table) = self.table(&written.schema, &written.table) {
            table.written.add(rows, test);
        }
    }

    pub(super) fn read(&mut self, scans: &'a Scans, test: Option<TestNumber>) {
        for read in &scans.tables {
            if let Some(table) = self.table(&read.schema, &read.table) {
                table.sequential.add(read.times.unsigned_abs(), test);
                table.sequential_rows += read.rows.unsigned_abs();
            }
        }
        for read in &scans.indexes {
            let mut name = (read.schema.as_str(), read.index.as_str());
            while let Some(whole) = self.wholes.get(&name) {
                name = *whole;
            }
            if let Some((_, used)) = self.indexes.get_mut(&name) {
                used.add(1, test);
            }
        }
    }

    pub(super) fn finish(
        self,
        rows: &Rows<'a>,
        roll: &Roll<'_>,
    ) -> (Vec<TableEvidence>, Vec<IndexEvidence>) {
        let tables = self.tables.into_values().map(|seen| TableEvidence {
            table: seen.table.name.clone(),
            written: seen.written.finish(roll),
            sequential: seen.sequential.finish(roll),
            sequential_rows: seen.sequential_rows,
            columns: rows.columns(seen.table, roll),
        });
        let mut indexes: Vec<IndexEvidence> = self
            .indexes
            .into_values()
            .map(|(index, used)| IndexEvidence {
                table: index.table.clone(),
                index: index.name.clone(),
                guards: index.guards,
                used: used.finish(roll),
            })
            .collect();
        indexes.sort_by(|a, b| (&a.table, &a.index).cmp(&(&b.table, &b.index)));
        (tables.collect(), indexes)
    }
}
