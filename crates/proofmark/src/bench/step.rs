//! What is being done while a bench opens, for whoever shows progress.
//!
//! **Invariant**: says what happens, not how it looks.

use std::sync::Arc;

/// One step; borrowed text lives as long as the call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Something slow about the server: searching, fetching, initialising.
    Server(String),
    /// A server is up: its version, where its binaries come from, and how long it took (ms).
    ServerReady {
        /// For example `15.18`.
        version: String,
        /// For example `found in /usr/lib/postgresql/15/bin`.
        origin: String,
        /// From the decision to the first answer.
        elapsed_ms: u64,
    },
    /// A template is being built: what runs.
    Building {
        /// The database's name.
        database: String,
        /// The file or command.
        what: String,
    },
    /// A template can be copied.
    TemplateReady {
        /// The database's name.
        database: String,
        /// The first digits of its key.
        key: String,
        /// Whether it was there already.
        reused: bool,
        /// How long it took (ms).
        elapsed_ms: u64,
    },
}

/// Receives the steps.
pub type Listener = Arc<dyn Fn(Step) + Send + Sync>;
