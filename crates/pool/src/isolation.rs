//! How a database that comes back is made equal to the template again.
//!
//! In: what the configuration wants. Out: [`InUse`], what the server allows.
//!
//! **Invariant**: only words; which of them is in use is decided when a pool is opened.

use serde::{Deserialize, Serialize};

/// What stands between two tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// What a test wrote is taken back in place; prefer it.
    #[default]
    Reset,
    /// A database that was written to is replaced by a fresh copy, so that also the order in
    /// which rows lie on their pages is the template's; for suites that depend on that.
    Exact,
    /// Every lease is a copy of its own and is dropped when it comes back.
    Clone,
}

impl std::fmt::Display for Isolation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Reset => "reset",
            Self::Exact => "exact",
            Self::Clone => "clone",
        })
    }
}

/// The isolation in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InUse {
    /// What is done between two tests.
    pub isolation: Isolation,
    /// Where that is less than what was wanted: why the server does not allow more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
