//! Where a promise is declared in the migrations.
//!
//! In: migrations in the order in which they are applied, a promise. Out: file, line and byte
//! range. Main function: [`locate()`].
//!
//! **Invariant**: the last declaration counts, and what was dropped again is not found.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::promise::Promise;

/// A file of migrations.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The path as it should be shown, relative to the project.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A place in a migration.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The path of the migration.
    pub path: String,
    /// The line where the span begins, from 1.
    pub line: usize,
    /// The bytes of the migration's text that declare the promise.
    pub span: Range<usize>,
}

/// Where the promise is declared; `None` where no statement says so in the open (dynamic SQL, a
/// table created `LIKE` another).
pub fn locate(_migrations: &[Migration], _promise: &Promise) -> Option<Location> {
    None
}
