//! The first line of a run: which format, which version, which run.
//!
//! In: a run's id and the moment it started. Out: [`Header`], one JSON object on one line.
//!
//! **Invariant:** the header knows nothing about databases or tests, so that a reader can refuse
//! a file it cannot understand before it reads a single record.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What the `format` of every header says.
pub const FORMAT: &str = "proofmark-trace";

/// The format version this crate writes, and the newest it reads.
///
/// It is raised only when an older reader would misunderstand a record. New kinds of records and
/// new fields do not raise it: an older reader skips the first and ignores the second.
pub const VERSION: u32 = 1;

/// Names one run, on one machine. Lease numbers are only unique within it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// The id in the spelling the run uses everywhere (run directory, environment, output).
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Opens a run in a trace file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always [`FORMAT`].
    pub format: String,
    /// Version of the format, see [`VERSION`].
    pub version: u32,
    /// Version of the proofmark that wrote the run, for people and bug reports.
    pub proofmark: String,
    /// The run.
    pub run: RunId,
    /// When the run started, in milliseconds since 1970-01-01T00:00:00Z.
    pub started_at_unix_ms: u64,
    /// A label of the machine or shard, where the user gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

impl Header {
    /// The header of a run that starts now, written by this version.
    pub fn now(run: RunId) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            proofmark: env!("CARGO_PKG_VERSION").to_owned(),
            run,
            started_at_unix_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            machine: None,
        }
    }
}
