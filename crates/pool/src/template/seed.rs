//! A seed of one test.
//!
//! In: SQL and the name of its file. Out: its rows, committed, or the line that was refused.
//!
//! **Invariant**: for one leased database; what every test is to find belongs into the template.

use tokio_postgres::Client;

use super::build;
use super::error::MigrationError;
use crate::migrations::{LoadError, script_of};

/// A seed that did not run.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// It is not SQL.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The server refused it.
    #[error(transparent)]
    Refused(Box<MigrationError>),
    /// It left a transaction open, or the connection is broken.
    #[error("{path} could not be ended (is a COMMIT missing in it?)")]
    End {
        /// The file.
        path: String,
        /// The driver's word.
        source: tokio_postgres::Error,
    },
}

/// Runs `text`, which is what the file `path` holds, as the seeds of a template are run: in one
/// transaction, unless it begins with `-- no-transaction`.
///
/// # Errors
/// [`SeedError`], which names the file and the line; nothing of the file is left then, unless it
/// ends transactions of its own.
pub async fn seed(client: &Client, path: &str, text: &str) -> Result<(), SeedError> {
    let script = script_of(path, text)?;
    build::run(client, &script).await.map_err(SeedError::Refused)?;
    let ended = client.batch_execute("discard all").await;
    ended.map_err(|source| SeedError::End { path: path.to_owned(), source })
}
