//! Why a template could not be built.
//!
//! **Invariant**: carries the author's own text and the server's message about it, so that the
//! place can be shown; never rows.

use crate::lease::LeaseError;
use crate::session::ConnectError;

/// A migration or seed file that the server refused.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct MigrationError {
    /// The file.
    pub path: String,
    /// The line, from 1, of the place the server names, or of the statement.
    pub line: usize,
    /// Byte offset in the file of that place.
    pub offset: usize,
    /// The whole file.
    pub text: String,
    /// The server's message.
    pub message: String,
    /// SQLSTATE, empty if the connection broke.
    pub sqlstate: String,
    /// The server's hint.
    pub hint: Option<String>,
    /// The server's detail.
    pub detail: Option<String>,
}

/// Why there is no template.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No connection.
    #[error("the template could not be built")]
    Connect(#[from] ConnectError),
    /// A migration was refused.
    #[error("a migration failed")]
    Migration(#[source] Box<MigrationError>),
    /// The migration command could not be started.
    #[error("cannot start the migration command `{command}`; help: is it installed and on PATH?")]
    CommandStart {
        /// The program.
        command: String,
        /// The system's word.
        source: std::io::Error,
    },
    /// The migration command failed.
    #[error("the migration command `{command}` failed ({status})\n{output}")]
    CommandFailed {
        /// The command line.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The last lines that it printed.
        output: String,
    },
    /// A step around the migrations failed.
    #[error("{step} failed")]
    Step {
        /// What was being done.
        step: &'static str,
        /// The driver's word.
        source: tokio_postgres::Error,
    },
    /// The template could not be copied, to be made to count or to be read.
    #[error("the template could not be copied")]
    Copy(#[from] LeaseError),
    /// The migrated database could not be read.
    #[error("the migrated database could not be read")]
    Catalog(#[from] proofmark_catalog::ReadError),
}

impl BuildError {
    /// For `map_err` on a statement of ours.
    pub(super) fn step(step: &'static str) -> impl Fn(tokio_postgres::Error) -> Self {
        move |source| Self::Step { step, source }
    }
}
