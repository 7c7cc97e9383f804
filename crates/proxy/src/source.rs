//! Where leases come from, seen from the proxy.
//!
//! In goes a [`LeaseRequest`], out comes [`Granted`]; when the test is over the lease goes back
//! together with what was [`Seen`]. Main type: the trait [`LeaseSource`].
//!
//! **Invariant**: passwords and values of rows pass through these types in memory; none of them
//! prints them.

use std::fmt;
use std::path::PathBuf;

use futures_util::future::BoxFuture;
use thiserror::Error;

use crate::{LeaseId, TestName};

/// A server behind the proxy.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Upstream {
    /// A server that trusts whoever reaches its Unix socket: the private one.
    Socket {
        /// Directory of the socket.
        directory: PathBuf,
        /// Port, which names the socket.
        port: u16,
    },
    /// A server of the user, reached by TCP; the proxy logs in itself.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
        /// The role to log in as; the client's own role is not used.
        user: String,
        /// Its password; trust needs none.
        password: Option<String>,
    },
}

impl fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { directory, port } => {
                write!(formatter, "{}/.s.PGSQL.{port}", directory.display())
            }
            Self::Tcp { host, port, user, .. } => write!(formatter, "{user}@{host}:{port}"),
        }
    }
}

/// A database that a lease stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Granted {
    /// The server it is on.
    pub address: Upstream,
    /// Its name there.
    pub database: String,
}

/// A test that wants a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRequest {
    /// The lease's number, unique within the run.
    pub lease: LeaseId,
    /// The template's name, one of [`LeaseSource::databases`].
    pub database: String,
    /// The test.
    pub test: TestName,
}

/// What was seen on a lease's sessions and must not be written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Rows that CHECK and NOT NULL constraints refused, the first 64.
    pub failing_rows: Vec<FailingRow>,
    /// Keys that foreign keys refused, the first 64.
    pub failing_keys: Vec<FailingKey>,
    /// Sessions that ended with a transaction open.
    pub sessions_left_in_transaction: u32,
    /// Sessions that were open when the test gave its lease back, and were closed.
    pub sessions_left_open: u32,
    /// The statements that took most time, were called most or failed, if they are looked at.
    pub statements: Option<Vec<StatementSeen>>,
    /// Calls of other statements.
    pub statements_left_out: u64,
    /// Process ids of backends that the proxy keeps connected to the database: idle, outside of a
    /// transaction, emptied by DISCARD ALL, and with their statistics written. Whoever wants them
    /// gone ends them (`pg_terminate_backend`); the proxy notices.
    pub warm: Vec<i32>,
}

/// A row that a constraint refused, as the server's error showed it.
#[derive(Clone, PartialEq, Eq)]
pub struct FailingRow {
    /// The code of the condition: 23514 or 23502.
    pub sqlstate: String,
    /// Schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The constraint; NOT NULL has none.
    pub constraint: Option<String>,
    /// The column, for NOT NULL.
    pub column: Option<String>,
    /// The values in the table's order, in parentheses: `(1, null, x)`. The server cuts long
    /// values to 64 bytes and marks them with `...` (ExecBuildSlotValueDescription).
    pub row_text: String,
}

/// A key that a foreign key refused, as the server's error showed it.
#[derive(Clone, PartialEq, Eq)]
pub struct FailingKey {
    /// Schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The foreign key.
    pub constraint: String,
    /// Its columns, `a, b`.
    pub columns: String,
    /// Their values, `x, y`. Where a value holds a closing parenthesis, less than that.
    pub key_text: String,
}

impl fmt::Debug for FailingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FailingKey")
            .field("table", &self.table)
            .field("constraint", &self.constraint)
            .finish_non_exhaustive()
    }
}

/// What a statement came to in one lease, all executions of its shape together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementSeen {
    /// The text with `?` for every literal.
    pub shape: String,
    /// Executions, also those that failed.
    pub calls: u64,
    /// Rows that the command tags tell.
    pub rows: u64,
    /// Time between the client's message and the end of the answer, in microseconds.
    pub elapsed_us: u64,
    /// Executions that ended in an error.
    pub failed: u64,
    /// Executions whose command tag tells of no row.
    pub without_rows: u64,
    /// Queries for at most one row, the most in a row on one connection.
    pub in_a_row_max: u64,
}

impl StatementSeen {
    /// Whether the statement says what to do on a conflict.
    pub fn has_on_conflict(&self) -> bool {
        let shape = self.shape.as_bytes();
        shape.windows(11).any(|window| window.eq_ignore_ascii_case(b"on conflict"))
    }
}

impl fmt::Debug for FailingRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FailingRow")
            .field("table", &self.table)
            .field("constraint", &self.constraint)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

/// Why there is no lease. Shown to the client as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SourceError {
    message: String,
    help: String,
}

impl SourceError {
    /// An error with what happened (a lowercase fragment) and what to do about it.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }

    /// What to do about it.
    pub fn help(&self) -> &str {
        &self.help
    }
}

/// What its database said when a lease came back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenBack {
    /// Invariants that do not hold in it, each with the rows that say so, as a person reads it.
    pub broken: Vec<String>,
    /// Its real name, where it was kept.
    pub kept: Option<String>,
}

/// Gives leases and takes them back.
///
/// The futures run on the proxy's own thread, between the bytes of all sessions: they must not
/// block it.
pub trait LeaseSource: Send + Sync + 'static {
    /// Gives a test a database of its own.
    fn take(&self, request: LeaseRequest) -> BoxFuture<'static, Result<Granted, SourceError>>;

    /// Takes a lease back. All its sessions are closed; the database may be gone already, and the
    /// test may have made others.
    fn give_back(
        &self,
        lease: LeaseId,
        failed: bool,
        seen: Seen,
    ) -> BoxFuture<'static, Result<GivenBack, SourceError>>;

    /// Names of the templates that clients may ask for.
    fn databases(&self) -> Vec<String>;

    /// A database that is not a template and that a client may nevertheless connect to:
    /// `postgres` and `template1`, which tools ask for before they make a database of their own,
    /// and what such a tool then made. What is seen there belongs to the lease that the same test
    /// holds, if it holds one. `None` refuses it.
    fn maintenance(&self, database: &str) -> BoxFuture<'static, Option<Granted>> {
        let _ = database;
        Box::pin(std::future::ready(None))
    }
}
