//! `proofmark.toml`: where the schema is, what to run, which server.

mod error;
mod file;
mod project;

pub use error::ConfigError;
pub use file::{EXAMPLE, EvidenceWanted};
pub use project::{Config, FILE_NAME, Invariants, ServerChoice};
