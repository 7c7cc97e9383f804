//! The migrations of a run, so that promises can be shown where they are declared.
//!
//! In: nothing; the builder fills it. Out: plain values. Main type: [`Source`].
//!
//! **Invariant:** the text is the file's own, unchanged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A migration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The database that is made from it.
    pub database: String,
    /// Its path, as `declared_at` of a promise names it.
    pub path: String,
    /// Its text.
    pub text: String,
}
