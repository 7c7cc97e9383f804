//! What the checks are told that a trace does not say.
//!
//! In: the configuration and earlier runs. Out: [`Settings`].
//!
//! **Invariant:** without any of it every check still works; it only knows less.

use std::collections::BTreeMap;

/// Bounds, names and earlier runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A test that holds its database for longer is slow, in milliseconds.
    pub slow_test_ms: u64,
    /// A lease that takes longer to give is slow, in milliseconds.
    pub slow_lease_ms: u64,
    /// Tables that are large in production: reading one whole is a finding.
    pub large_tables: Vec<String>,
    /// Earlier runs, the oldest first.
    pub history: Vec<PastRun>,
}

/// How the tests of an earlier run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastRun {
    /// Whether each test failed.
    pub failed: BTreeMap<String, bool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            slow_test_ms: 5_000,
            slow_lease_ms: 250,
            large_tables: Vec::new(),
            history: Vec::new(),
        }
    }
}
