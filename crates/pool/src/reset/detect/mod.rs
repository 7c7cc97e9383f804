//! What a test wrote to its database.
//!
//! In: a slot whose test has ended. Out: [`Dirty`], every relation that may differ from the
//! template, and [`TableWritten`](crate::TableWritten) for the report.
//!
//! Two witnesses, each of which covers what the other cannot see. The WAL has every change to
//! anything that survives a crash, but not the rows of unlogged tables; the statistics counters
//! have those, but know nothing of sequences and schemas. The WAL is asked first and answers most
//! questions with one look; the counters are then read of the tables it names. Where the WAL is of
//! no use (no `pg_walinspect`, already recycled, too much of it) the rows themselves are looked at,
//! those of unlogged tables always: every row knows the transaction that wrote it. Only tables with
//! very many seeds are then left to the counters alone.
//!
//! **Invariant**: a relation that was changed is named, or the whole database is given up; one too
//! many is only work for nothing.

pub(super) mod counters;
pub(super) mod wal;

use std::collections::{BTreeSet, HashMap};

use super::shape::{Kind, Shape};

/// What may differ from the template.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) tables: BTreeSet<u32>,
    pub(crate) sequences: BTreeSet<u32>,
    pub(crate) catalogs: BTreeSet<u32>,
    pub(crate) materialized: BTreeSet<u32>,
    /// Files that no relation of the template has: a test has made a table, or emptied one.
    pub(crate) unknown_files: bool,
    /// Tables whose files are others than before.
    pub(crate) rewritten: BTreeSet<u32>,
}

impl Dirty {
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
            && self.sequences.is_empty()
            && self.catalogs.is_empty()
            && self.materialized.is_empty()
            && !self.unknown_files
    }

    /// Adds the relations that `files` belong to.
    pub(crate) fn add_files(&mut self, shape: &Shape, known: &HashMap<u32, u32>, files: &[u32]) {
        for file in files {
            match known.get(file) {
                Some(oid) => self.add(shape, *oid),
                None => self.unknown_files = true,
            }
        }
    }

    /// Adds the relation `oid`, or what it is a part of.
    pub(crate) fn add(&mut self, shape: &Shape, oid: u32) {
        let whole = shape.whole(oid);
        match shape.relations.get(&whole).map(|relation| relation.kind) {
            Some(Kind::Table) => self.tables.insert(whole),
            Some(Kind::Sequence) => self.sequences.insert(whole),
            Some(Kind::Catalog) => self.catalogs.insert(whole),
            Some(Kind::Materialized) => self.materialized.insert(whole),
            // A part of something shared by all databases is in none of their shapes.
            Some(Kind::Part) | None => {
                self.unknown_files = true;
                false
            }
        };
    }
}
