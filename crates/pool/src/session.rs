//! One connection to the server, with the task that drives it.
//!
//! In: a `tokio_postgres::Config`. Out: a [`Session`] that is closed when it is dropped.
//!
//! **Invariant**: knows nothing of templates or leases.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

/// Statements that stay prepared in a session; a test suite writes to so many sets of tables and
/// more.
const PREPARED_MAX: usize = 256;

/// An open connection; dereferences to [`tokio_postgres::Client`].
#[derive(Debug)]
pub struct Session {
    client: Client,
    driver: JoinHandle<()>,
    prepared: Mutex<HashMap<String, Statement>>,
}

/// Why no connection could be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to database `{database}` of the test server")]
pub struct ConnectError {
    database: String,
    /// What the driver said.
    pub source: tokio_postgres::Error,
}

impl Session {
    /// Connects with `config`.
    ///
    /// # Errors
    /// [`ConnectError`] when the server cannot be reached or refuses the connection.
    pub async fn open(config: &Config) -> Result<Self, ConnectError> {
        let (client, connection) = config.connect(NoTls).await.map_err(|source| ConnectError {
            database: config.get_dbname().unwrap_or("postgres").to_owned(),
            source,
        })?;
        // A broken connection also fails the statement that waits on it, which is where the
        // error is reported; the driver task has nothing to add.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { client, driver, prepared: Mutex::default() })
    }

    /// The statement `sql`, which is prepared the first time only.
    pub(crate) async fn statement(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        let known = {
            let prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
            prepared.get(sql).cloned()
        };
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if prepared.len() >= PREPARED_MAX {
            prepared.clear();
        }
        prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Like `query`; `sql` is prepared the first time only.
    pub(crate) async fn cached_query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let statement = self.statement(sql).await?;
        self.client.query(&statement, parameters).await
    }

    /// Closes the connection and waits until the server has been told.
    pub async fn close(self) {
        drop(self.client);
        // The task ends by itself once the client is gone; a panic in it is not ours to report.
        drop(self.driver.await);
    }
}

impl std::ops::Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl std::ops::DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// Idle sessions of one database, opened as they are needed and used again.
#[derive(Debug)]
pub(crate) struct Sessions {
    config: Config,
    idle: Mutex<Vec<Session>>,
}

impl Sessions {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, idle: Mutex::default() }
    }

    /// An idle session, or a new one.
    pub(crate) async fn take(&self) -> Result<Session, ConnectError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some(session) if session.client.is_closed() => {}
                Some(session) => return Ok(session),
                None => return Session::open(&self.config).await,
            }
        }
    }

    /// Gives a session back that is in no transaction.
    pub(crate) fn put(&self, session: Session) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }
}
