//! What the page needs of `report.json`.
//!
//! In: the file. Out: [`Report`].
//!
//! **Invariant:** what the page does not show is not read, so that the report may grow.

use std::collections::BTreeSet;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Report {
    pub(super) listing: Vec<Owner>,
    pub(super) states: Vec<StateColumn>,
    held: Vec<Held>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) promises: Vec<Promise>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Promise {
    pub(super) id: String,
    pub(super) declared_at: Option<String>,
    pub(super) state: String,
    pub(super) refused: Tried,
    pub(super) accepted: Tried,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tried {
    pub(super) times: u64,
    first: Vec<String>,
}

impl Tried {
    /// One of the tests, the same in most runs.
    pub(super) fn test(&self) -> Option<&str> {
        self.first.iter().map(String::as_str).min()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct StateColumn {
    pub(super) address: String,
    pub(super) states: Vec<StateSeen>,
    pub(super) moves: Vec<Move>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StateSeen {
    pub(super) state: String,
    pub(super) declared: bool,
    pub(super) stored: Tried,
}

#[derive(Debug, Deserialize)]
pub(super) struct Move {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) declared: bool,
    pub(super) taken: Tried,
}

#[derive(Debug, Deserialize)]
struct Held {
    test: String,
}

impl Report {
    /// Every test that held a database.
    pub(super) fn tests(&self) -> BTreeSet<&str> {
        self.held.iter().map(|held| held.test.as_str()).collect()
    }
}
