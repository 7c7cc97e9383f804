//! Tools that make databases of their own: `#[sqlx::test]`, Django, `createdb`.
//!
//! In: the names of databases that clients ask for and that are no leases. Out: whether they are
//! let in; and at the end of the run, which databases were there because of it, dropped.
//!
//! **Invariant**: a database that was there before the run, or that Proofmark makes (also for
//! another run), is neither shown to a client nor dropped. On a server that is not ours alone,
//! only what a client of this run was let into is dropped, and nobody is thrown out for it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use proofmark_pool::{ConnectError, Session, Target};
use proofmark_trace::ToolsFinished;
use tokio_postgres::error::SqlState;

/// Databases that every server has for those who want to make one.
const DOORS: [&str; 2] = ["postgres", "template1"];

/// Databases that are named.
const NAMED_MAX: usize = 5;

/// How long a database may be in use by a client that is just leaving.
const LEAVING: Duration = Duration::from_secs(5);

/// Why it is not known which databases are there.
#[derive(Debug, thiserror::Error)]
pub(super) enum ToolsError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server refused.
    #[error("the server's databases cannot be listed or dropped")]
    Query(#[from] tokio_postgres::Error),
}

/// What is known of databases that are no leases.
#[derive(Debug)]
pub(super) struct Tools {
    target: Target,
    before: BTreeSet<String>,
    /// Those that a client was let into.
    used: Mutex<BTreeSet<String>>,
    /// Doors that a client went through.
    doors: Mutex<BTreeSet<&'static str>>,
}

impl Tools {
    /// Remembers what is there before the suite.
    pub(super) async fn watch(target: &Target) -> Result<Self, ToolsError> {
        let before = databases(&Session::open(target.maintenance()).await?).await?;
        let (used, doors) = Default::default();
        Ok(Self { target: target.clone(), before, used, doors })
    }

    /// Whether a client may connect to `database`.
    pub(super) async fn may_enter(&self, database: &str) -> Result<bool, ToolsError> {
        if let Some(door) = DOORS.into_iter().find(|door| *door == database) {
            self.doors.lock().unwrap_or_else(PoisonError::into_inner).insert(door);
            return Ok(true);
        }
        if !self.is_of_a_tool(database) {
            return Ok(false);
        }
        let session = Session::open(self.target.maintenance()).await?;
        let is_there = databases(&session).await?.contains(database);
        session.close().await;
        if is_there {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            used.insert(database.to_owned());
        }
        Ok(is_there)
    }

    fn is_of_a_tool(&self, database: &str) -> bool {
        !self.before.contains(database)
            && !database.starts_with("proofmark_")
            && !database.starts_with("template")
    }

    /// Drops what tools have left; `None` where there is nothing to tell.
    pub(super) async fn finish(&self) -> Result<Option<ToolsFinished>, ToolsError> {
        let session = Session::open(self.target.maintenance()).await?;
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ours = |name: &String| {
            self.is_of_a_tool(name) && (self.target.is_private() || used.contains(name))
        };
        let left: Vec<String> = databases(&session).await?.into_iter().filter(ours).collect();
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let first = if used.is_empty() {
            doors.into_iter().map(str::to_owned).collect()
        } else {
            used.iter().take(NAMED_MAX).cloned().collect()
        };
        let mut finished = ToolsFinished {
            dropped: Vec::new(),
            stayed: Vec::new(),
            used: u64::try_from(used.len()).unwrap_or(u64::MAX),
            used_first: first,
        };
        for name in left {
            if drop_unused(&session, &name).await? {
                finished.dropped.push(name);
            } else {
                finished.stayed.push(name);
            }
        }
        session.close().await;
        let ToolsFinished { dropped, stayed, used_first, .. } = &finished;
        let any = !(dropped.is_empty() && stayed.is_empty() && used_first.is_empty());
        Ok(any.then_some(finished))
    }
}

async fn databases(session: &Session) -> Result<BTreeSet<String>, tokio_postgres::Error> {
    let rows = session.query("select datname::text from pg_database", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Drops `database` unless the server refuses, as it does while somebody is connected; false then.
async fn drop_unused(session: &Session, database: &str) -> Result<bool, tokio_postgres::Error> {
    let begun = Instant::now();
    let sql = format!("drop database if exists \"{}\"", database.replace('"', "\"\""));
    loop {
        match session.batch_execute(&sql).await {
            Ok(()) => return Ok(true),
            Err(error) if error.as_db_error().is_none() => return Err(error),
            Err(error)
                if error.code() != Some(&SqlState::OBJECT_IN_USE) || begun.elapsed() > LEAVING =>
            {
                return Ok(false);
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
