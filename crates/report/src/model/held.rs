//! Every lease of a run as one line: who held it, when, and how it ended.
//!
//! In: nothing; the builder fills it. Out: plain values. Main type: [`Held`].
//!
//! **Invariant:** times are those of the machine that ran the test; nothing is compared between
//! machines, whose clocks do not agree.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Means;

/// One lease: a database, held by one test or worker for some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// Who held it.
    pub test: String,
    /// Which database, as `proofmark.toml` calls it.
    pub database: String,
    /// Which run gave it: the position of its id in `run.ids`.
    pub run: usize,
    /// By what the holder was recognised.
    pub means: Means,
    /// How long it waited for the database, in microseconds.
    pub wait_us: u64,
    /// When it got it, in microseconds since the run started.
    pub given_us: u64,
    /// When it gave it back; `None` where the trace ends before.
    pub returned_us: Option<u64>,
    /// Whether the holder said that it failed.
    pub failed: bool,
    /// Statements that it sent.
    pub statements: u64,
    /// Statements that the database refused.
    pub refusals: u64,
    /// Rows that it inserted, updated or deleted.
    pub rows: u64,
}

impl Held {
    /// For how long it was held, in microseconds; `None` where the end is not known.
    pub fn held_us(&self) -> Option<u64> {
        Some(self.returned_us?.saturating_sub(self.given_us))
    }
}
