//! Why a configuration cannot be used.
//!
//! **Invariant**: every message names the file and, where there is one, the line and the key.

use std::path::PathBuf;

/// A configuration that is missing, unreadable or wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file from the directory upwards.
    #[error(
        "no proofmark.toml in {} or any directory above it; help: run `proofmark init`",
        start.display()
    )]
    Missing {
        /// Where the search began.
        start: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// Not TOML, or a key that does not exist.
    #[error("{}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The parser's message, which shows the line.
        message: String,
    },
    /// A value that makes no sense.
    #[error("{}: {key}: {message}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What is wrong, and what to do.
        message: String,
    },
}
