//! `proofmark.toml`: where the schema is, what to run, which server.

mod error;
mod file;
mod gate;
mod project;
#[cfg(any(test, feature = "schema"))]
mod schema;
mod unknown_key;

pub use error::ConfigError;
pub use file::{EXAMPLE, EvidenceWanted, ReportFormat};
pub use gate::{FindingsConfig, GateConfig};
pub use project::{Config, FILE_NAME, Invariants, ServerChoice};
#[cfg(any(test, feature = "schema"))]
pub use schema::schema_json;
