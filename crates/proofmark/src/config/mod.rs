//! `proofmark.toml`: where the schema is, what to run, which server.

mod error;
mod file;
mod project;

pub use error::ConfigError;
pub use file::{EXAMPLE, ReportFormat};
pub use project::{Config, FILE_NAME, Invariants, ServerChoice};
