//! A database that tests hold one after the other.
//!
//! In: a fresh copy of the template. Out: the same database, known to equal the template, with what
//! has to be remembered to prove that again after the next test.
//!
//! **Invariant**: a [`Slot`] that is not held by a test is pristine. Whoever is not sure of that
//! disposes of it.

use std::collections::HashMap;

use tokio_postgres::types::PgLsn;

use crate::connection::Idle;
use crate::evidence::Read;
use crate::session::Session;

/// A database of the pool.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Its real name.
    pub(crate) database: String,
    /// What resetting it needs; none where every lease has a copy of its own.
    pub(crate) inside: Option<Box<Inside>>,
}

/// A slot's own connection, and what is known of its state.
#[derive(Debug)]
pub(crate) struct Inside {
    /// Connected to the slot's database for as long as the slot lives.
    pub(crate) session: Session,
    pub(crate) pid: i32,
    /// The database's number, which outlives a change of its name.
    pub(crate) oid: u32,
    pub(crate) baseline: Baseline,
    /// The statistics counters of tables as they were at the baseline; a table that is not in here
    /// had none.
    pub(crate) counters: HashMap<u32, Counters>,
    /// The counters of reads as they were at the baseline; none: not known any more.
    pub(crate) reads: Option<HashMap<u32, Read>>,
    /// Which relation a file belongs to.
    pub(crate) filenodes: HashMap<u32, u32>,
    /// Connections that are kept for tests, recycled.
    pub(crate) idle: Vec<Idle>,
    /// Returns that were undone.
    pub(crate) undone: u32,
    /// Dead rows that the undone tests and the undoing left, at most.
    pub(crate) dead: i64,
}

/// The moment at which a slot was last known to be pristine.
#[derive(Debug, Clone)]
pub(crate) struct Baseline {
    /// Where the WAL stood. A record begins at or after it, so that reading from it never fails
    /// for want of one.
    pub(crate) lsn: PgLsn,
    /// A transaction of ours: whatever has a later `xmin` is a test's.
    pub(crate) xid: String,
    /// The row of `pg_database` and its settings, as text.
    pub(crate) belongings: String,
}

/// Rows inserted, updated and deleted, and live rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) inserted: i64,
    pub(crate) updated: i64,
    pub(crate) deleted: i64,
    pub(crate) live: i64,
}
