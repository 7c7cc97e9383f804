//! What a line of a trace says.
//!
//! In: facts, each stated once by the part that knows it. Out: [`Record`], the body of a line,
//! and [`Entry`], a record with its number and time.
//!
//! **Invariant:** only facts. A record never says what a fact means for a promise, and has no
//! field for a row's value or the message of an error, but for what the query of a broken
//! invariant returned (it was written to be shown), and for states, which the schema names.

use proofmark_catalog::source::Migration;
use proofmark_catalog::{Catalog, PromiseId};
use proofmark_pool::{BrokenInvariant, Difference, How, InUse, TableWritten};
use proofmark_proxy::{Event, LeaseId, TestName};
use serde::{Deserialize, Serialize};

use crate::command_line::without_url_password;
use crate::{CommandLine, LeaseEvidence, StatementText};

/// A record with its place in the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts up from 1 within a run; a hole means that a line was lost.
    pub seq: u64,
    /// Microseconds since the run started.
    pub at_us: u64,
    /// What happened.
    pub record: Record,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The templates are ready and the command is about to start.
    RunStarted(RunStarted),
    /// What a template promises, read from the template itself. One per database.
    Catalog {
        /// The name a client asks for, such as `shop`.
        database: String,
        /// Its tables and promises.
        catalog: Box<Catalog>,
    },
    /// What the proxy saw.
    Proxy(Event),
    /// A lease came back and its database was asked what was written.
    LeaseReturned(LeaseReturned),
    /// A statement's shape, before the first lease that refers to it.
    Statement(StatementText),
    /// What a lease is known to have done besides; behind its `LeaseReturned`.
    Evidence(Box<LeaseEvidence>),
    /// A database could not be made equal to its template in the background, and was replaced by a
    /// fresh copy before any test saw it.
    Setback {
        /// The name the client asks for, such as `shop`.
        database: String,
        /// Its real name, the step that failed and the server's code.
        what: String,
    },
    /// What tools of the suite made on the server without a lease.
    ToolsFinished(ToolsFinished),
    /// The command ended.
    CommandFinished(CommandFinished),
    /// The last record of a run that was not cut off.
    RunFinished(RunFinished),
}

/// What a run works with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The command under test.
    pub command: CommandLine,
    /// One per database that a client may ask for.
    pub databases: Vec<TemplateUsed>,
    /// The server that holds them.
    pub server: ServerUsed,
}

/// A database a client may ask for, and the template its leases are copied from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateUsed {
    /// The name a client asks for, such as `shop`.
    pub name: String,
    /// The content hash of the template.
    pub template: TemplateHash,
    /// Whether an earlier run had built it.
    pub reused: bool,
    /// How long it took to build or to find, in milliseconds.
    pub ready_ms: u64,
    /// The migrations it was built from, with their text, so that a promise can be shown with the
    /// line that declares it on a machine that does not have the files. Empty where a command
    /// applied them.
    pub migrations: Vec<Migration>,
    /// How many invariants are declared for it.
    #[serde(default)]
    pub invariants: u32,
    /// Tests that may leave them broken, by name or pattern.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invariants_except: Vec<String>,
    /// What stands between two tests, and why where it is less than what was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<InUse>,
}

/// The content hash of a template. Equal hashes: the same migrations, seeds and server major.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateHash(pub String);

impl TemplateHash {
    /// The first characters, enough for a person to tell two templates apart.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

/// The server of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerUsed {
    /// Its version as a person writes it: `15.14`.
    pub version: String,
    origin: String,
}

impl ServerUsed {
    /// A server by its version and its origin; the password of a URL is taken out.
    pub fn new(version: impl Into<String>, origin: &str) -> Self {
        Self { version: version.into(), origin: without_url_password(origin) }
    }

    /// Where it came from, as a person would say it: `/usr/lib/postgresql/15/bin`, a URL.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// What a lease left behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeaseReturned {
    /// The lease, unique within the run.
    pub lease: LeaseId,
    /// The name the client asked for, such as `shop`.
    pub database: String,
    /// Who held it.
    pub test: TestName,
    /// Whether the holder said that it failed.
    pub failed: bool,
    /// The real name of the database, where it was kept for the user to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// What the database's own statistics say was written, one per table written to.
    pub written: Vec<TableWritten>,
    /// Promises that a refused row broke besides the one that was reported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<Masked>,
    /// How many invariants were checked: those that read a table that was written to.
    #[serde(default)]
    pub checked: u32,
    /// Invariants that do not hold in the database, with the rows that say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<BrokenInvariant>,
    /// What the test did outside its database, or left open: sentences for a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// What became of the database.
    #[serde(default)]
    pub how: How,
    /// Whether it was compared completely with its template afterwards.
    #[serde(default)]
    pub verified: bool,
    /// What that comparison found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<Difference>,
}

/// Databases that tools of the suite made for themselves: they had no lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolsFinished {
    /// Those that were there when the command had ended, and were dropped.
    pub dropped: Vec<String>,
    /// Those that stay, because the server refused: somebody else was connected to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stayed: Vec<String>,
    /// How many such databases clients of the suite were let into, whatever became of them.
    #[serde(default)]
    pub used: u64,
    /// The first of them, in the order of their names. Where there was none, the maintenance
    /// databases that clients were let into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used_first: Vec<String>,
}

/// A promise was broken by a refused row, but the server reported another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked {
    /// The promise that was broken, too.
    pub promise: PromiseId,
    /// The promise that the server reported.
    pub by: PromiseId,
}

/// How the command ended: with a code, or by a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandFinished {
    /// Its exit code, unless a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Its wall time in milliseconds.
    pub elapsed_ms: u64,
}

impl CommandFinished {
    /// Whether the command says that all went well.
    pub fn succeeded(&self) -> bool {
        self.exit_code == Some(0)
    }
}

/// The run is complete: every lease came back, the server is stopped or handed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFinished {
    /// Wall time of the whole run in milliseconds, from the start of proofmark.
    pub elapsed_ms: u64,
}
