//! One SQL file that takes part in a template.
//!
//! **Invariant**: the text is the file's own, byte for byte, so that positions in it can be shown
//! to its author.

use std::ops::Range;

use super::format::Format;

/// A migration or seed file as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Path for messages, relative to the project where possible.
    pub path: String,
    /// The whole file.
    pub text: String,
    /// The part to run: everything, or the `migrate:up` section.
    pub up: Range<usize>,
    /// Whether the file runs as one transaction; some statements (`CREATE INDEX CONCURRENTLY`)
    /// ask for the contrary.
    pub transaction: bool,
    /// The version in the file's name, where its naming scheme has one.
    pub version: Option<String>,
    /// What the name says after the version.
    pub description: String,
    /// The naming scheme that the directory was read under.
    pub format: Format,
}

impl Script {
    /// The text that runs.
    pub fn sql(&self) -> &str {
        &self.text[self.up.clone()]
    }
}
