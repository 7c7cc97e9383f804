//! The accepted exceptions, from `crates/xtask/tidy.toml`.
//!
//! In: that file. Out: a [`Ratchet`]: what is too long today, how long, and why that is right.
//! A number may only go down: an exception that grew is a finding, and so is one that shrank
//! without its entry (so that it cannot grow back unseen).
//!
//! **Invariant:** an exception without a reason does not parse.

use serde::Deserialize;

use super::finding::{Finding, Reporter};
use crate::tree::Tree;

/// Where the exceptions are written.
pub(super) const PATH: &str = "crates/xtask/tidy.toml";

/// Every accepted exception.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Ratchet {
    /// Files of more production lines than the limit.
    #[serde(default)]
    pub(super) files: Vec<LongFile>,
    /// Functions of more lines than the limit.
    #[serde(default)]
    pub(super) functions: Vec<LongFunction>,
    /// Development dependencies that point down the table of crates.
    #[serde(default)]
    pub(super) dev_dependencies: Vec<DownwardTest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LongFile {
    pub(super) path: String,
    pub(super) lines: usize,
    pub(super) reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LongFunction {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) lines: usize,
    pub(super) reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DownwardTest {
    /// The package whose tests look down.
    pub(super) package: String,
    /// The package they look at.
    pub(super) on: String,
    pub(super) reason: String,
}

impl Ratchet {
    /// The exceptions of `tree`; a tree without the file has none.
    pub(super) fn of(tree: &Tree, reporter: Reporter) -> Result<Self, Finding> {
        let Some(text) = tree.text(PATH) else { return Ok(Self::default()) };
        let broken = |message: String| {
            reporter.at(
                PATH,
                1,
                message,
                "every entry has its keys and a reason; see the top of it",
            )
        };
        let ratchet: Self = toml::from_str(text).map_err(|error| broken(error.to_string()))?;
        let reasons = (ratchet.files.iter().map(|entry| &entry.reason))
            .chain(ratchet.functions.iter().map(|entry| &entry.reason))
            .chain(ratchet.dev_dependencies.iter().map(|entry| &entry.reason));
        if reasons.into_iter().any(|reason| reason.trim().is_empty()) {
            return Err(broken("an entry with an empty reason".to_owned()));
        }
        Ok(ratchet)
    }
}

/// How a measured length stands to the limit and to its entry.
pub(super) enum Standing {
    Fine,
    /// Too long, and no entry says why.
    Over,
    /// Longer than its entry.
    Grew,
    /// Shorter than its entry, which must follow.
    Shrank,
}

pub(super) fn standing(lines: usize, limit: usize, entry: Option<usize>) -> Standing {
    match entry {
        None if lines > limit => Standing::Over,
        Some(listed) if lines > listed => Standing::Grew,
        Some(listed) if lines < listed => Standing::Shrank,
        _ => Standing::Fine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_with_an_empty_reason_is_refused() {
        let entry = "[[files]]\npath = \"a.rs\"\nlines = 600\nreason = \" \"\n";
        let tree = Tree::of(&[(PATH, entry)]);
        let refused = Ratchet::of(&tree, Reporter("file-size")).expect_err("no reason is given");
        assert_eq!(refused.message, "an entry with an empty reason");
    }

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        let tree = Tree::of(&[(PATH, "[[files]]\npath = \"a.rs\"\nlines = 600\n")]);
        assert!(Ratchet::of(&tree, Reporter("file-size")).is_err());
    }
}
