//! The words by which promises are counted.
//!
//! In: the coverage's states and tallies. Out: [`State`] and [`Tried`], with their JSON Schema.
//!
//! **Invariant:** every state of the coverage has one word.

use proofmark_coverage as coverage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was tried of a promise.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Refused and accepted, each at least once.
    Covered,
    /// Refused, but never accepted.
    NeverAccepted,
    /// Accepted, but never refused.
    NeverRefused,
    /// Broken, but another promise refused first; never refused by its own name.
    Masked,
    /// Neither refused nor accepted.
    NeverTried,
    /// Declared NOT ENFORCED: it can refuse nothing.
    NotEnforced,
    /// The server does not say by name when it refuses; only acceptance is known.
    Unattributable,
}

/// How often, and by which tests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// Refusals or rows.
    pub times: u64,
    /// Tests (or workers) that did it.
    pub tests: u64,
    /// The first of them, at most ten.
    pub first: Vec<String>,
}

impl From<&coverage::Tried> for Tried {
    fn from(tried: &coverage::Tried) -> Self {
        Self {
            times: tried.times,
            tests: tried.tests.total,
            first: tried.tests.named.iter().map(|test| test.as_str().to_owned()).collect(),
        }
    }
}
