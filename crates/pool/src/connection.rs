//! Connections to a lease's database that outlive the lease.
//!
//! In: a lease. Out: a [`Connection`], connected already where an earlier test of the same slot
//! left one: opening one costs the server more than most tests do, and a new one has to learn the
//! schema again.
//!
//! What a session can carry from one test to the next is taken from it in between: an open
//! transaction, settings, roles, prepared statements, cursors, listening, advisory locks, temporary
//! tables and the values of sequences it had cached, which is what `DISCARD ALL` does. Only the
//! statements that the driver itself has prepared stay, because it knows them by name. What no
//! command takes back stays with a session: a seed given to `setseed`, a library that was loaded.
//!
//! **Invariant**: a connection that could not be recycled at once is closed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{join_all, join3};
use tokio_postgres::Client;

use crate::lease::quote;
use crate::session::Session;

/// Connections that are kept for the next test of a slot.
const KEPT_MAX: usize = 4;

/// How long a session may need to come to rest.
const PATIENCE: Duration = Duration::from_secs(2);

/// `DISCARD ALL` in the order of its documentation, but for the driver's prepared statements and
/// for cached plans, which nobody can see.
const RECYCLE: &str = "close all; set session authorization default; reset all; unlisten *; \
    select pg_advisory_unlock_all(); discard sequences; discard temp; \
    select pg_stat_force_next_flush()";

/// Statements that a test has prepared by SQL.
const PREPARED: &str = "select name from pg_prepared_statements where from_sql";

/// An open connection that nobody uses.
#[derive(Debug)]
pub(crate) struct Idle {
    pub(crate) session: Session,
    pub(crate) pid: i32,
}

/// Where the connections of one lease come back to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Home(Arc<Mutex<Option<Vec<Idle>>>>);

impl Home {
    pub(crate) fn with(idle: Vec<Idle>) -> Self {
        Self(Arc::new(Mutex::new(Some(idle))))
    }

    pub(crate) fn take(&self) -> Option<Idle> {
        let mut home = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        home.as_mut().and_then(Vec::pop)
    }

    fn put(&self, idle: Idle) {
        let mut home = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(home) = home.as_mut() {
            home.push(idle);
        }
    }

    /// What has come back; what comes later is closed.
    pub(crate) fn close(&self) -> Vec<Idle> {
        let mut home = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        home.take().unwrap_or_default()
    }
}

/// A connection to the database of a lease; dereferences to [`tokio_postgres::Client`].
///
/// Dropped, it goes back to the lease; when that is given back, whatever the test did to the
/// session is undone and the next test of the same slot finds it connected. Still in use when the
/// lease is given back, it counts as a client that has to leave.
#[derive(Debug)]
pub struct Connection {
    idle: Option<Idle>,
    home: Home,
}

impl Connection {
    pub(crate) fn new(idle: Idle, home: Home) -> Self {
        Self { idle: Some(idle), home }
    }

    /// The number of its backend.
    pub fn pid(&self) -> i32 {
        self.idle.as_ref().map_or(0, |idle| idle.pid)
    }
}

impl std::ops::Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.idle.as_ref().expect("it is only taken when the connection is dropped").session
    }
}

impl std::ops::DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.idle.as_mut().expect("it is only taken when the connection is dropped").session
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(idle) = self.idle.take() {
            self.home.put(idle);
        }
    }
}

/// Takes from the sessions what a test can have left in them; those that stay.
pub(crate) async fn recycle(mut idle: Vec<Idle>) -> Vec<Idle> {
    idle.truncate(KEPT_MAX);
    let recycled = join_all(idle.into_iter().map(recycle_one)).await;
    recycled.into_iter().flatten().collect()
}

async fn recycle_one(idle: Idle) -> Option<Idle> {
    let session = &idle.session;
    let recycled = async {
        let (rollback, recycle, prepared) = join3(
            session.batch_execute("rollback"),
            session.batch_execute(RECYCLE),
            session.cached_query(PREPARED, &[]),
        )
        .await;
        rollback?;
        recycle?;
        for row in prepared? {
            session.batch_execute(&format!("deallocate {}", quote(row.get(0)))).await?;
        }
        Ok::<_, tokio_postgres::Error>(())
    };
    let at_rest = matches!(tokio::time::timeout(PATIENCE, recycled).await, Ok(Ok(())));
    at_rest.then_some(idle)
}
