//! What stands between two tests, and whether it held.
//!
//! In: nothing. Out: plain values, a part of the report.
//!
//! **Invariant:** as for the whole model: counts and names, never a row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the databases of one test became those of the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Isolation {
    /// What stands between two tests, by database; empty in traces of older versions.
    pub in_use: Vec<IsolationInUse>,
    /// Databases to which nothing had been written: handed on as they were.
    pub untouched: u64,
    /// Databases in which what a test wrote was taken back.
    pub undone: u64,
    /// Databases that were dropped and replaced by a fresh copy.
    pub replaced: u64,
    /// Databases that were copies for one test and were dropped.
    pub dropped: u64,
    /// Databases that stayed, because their test failed or an invariant is broken.
    pub kept: u64,
    /// Why databases were replaced, the most frequent reason first.
    pub replaced_because: Vec<ReplacedBecause>,
    /// Databases that could not be made equal to their template in the background, with the step
    /// that failed: each was replaced before any test saw it.
    pub setbacks: Vec<String>,
    /// How often a database was compared completely with its template afterwards.
    pub verified: u64,
    /// What those comparisons found, in the order in which the databases came back.
    pub differed: Vec<Differed>,
    /// Tests that were given the URL of the database itself, past the proxy: of what was refused
    /// there, only what their client library told is known. All others were on the proxy's lane.
    pub direct: Vec<String>,
    /// How many refusals were told so.
    #[serde(default)]
    pub direct_refusals: u64,
}

/// What stands between two tests of one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IsolationInUse {
    /// The database, as `proofmark.toml` calls it.
    pub database: String,
    /// `reset`, `exact` or `clone`.
    pub isolation: String,
    /// Where that is less than what was wanted: why the server does not allow more.
    pub why: Option<String>,
}

/// Why databases were replaced by fresh copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplacedBecause {
    /// What could not be taken back, or why it was not tried.
    pub why: String,
    /// How often.
    pub times: u64,
    /// The first test after which it happened.
    pub first: String,
}

/// A database that was not equal to its template after what its test wrote had been taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Differed {
    /// The test.
    pub test: String,
    /// The database, as `proofmark.toml` calls it.
    pub database: String,
    /// What differs: `table public.orders`.
    pub what: String,
    /// How.
    pub detail: String,
}
