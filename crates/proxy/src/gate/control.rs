//! The gate's own connection, on which it asks the server about the others.
//!
//! In goes a process id, out comes whether that backend waits for one of the others.
//!
//! **Invariant**: reads the server's own state only.

use std::cell::Cell;

use tokio_postgres::{Client, NoTls, Statement};

/// PostgreSQL's own question for its isolation tests (isolationtester.c, waitfuncs.c). It leaves
/// out waits for others, such as autovacuum.
const BLOCKED: &str = "select pg_catalog.pg_isolation_test_session_is_blocked($1, $2)";
/// Where that function is not to be had.
const WAITS: &str = "select exists (select from pg_catalog.pg_stat_activity
    where pid = $1 and wait_event_type = 'Lock' and $2::int4[] is not null)";
/// Whether the backend's transaction has an id, which it gets with its first write.
const WROTE: &str = "select exists (select from pg_catalog.pg_stat_activity
    where pid = $1 and backend_xid is not null)";

#[derive(Debug)]
pub(super) struct Control {
    client: Client,
    blocked: Statement,
    waits: Statement,
    wrote: Statement,
    exact: Cell<bool>,
}

impl Control {
    pub(super) async fn connect(
        config: &tokio_postgres::Config,
    ) -> Result<Self, tokio_postgres::Error> {
        let mut config = config.clone();
        config.application_name("proofmark gate");
        let (client, connection) = config.connect(NoTls).await?;
        // A broken connection fails the question that waits on it, which is where it is seen.
        tokio::spawn(async move { drop(connection.await) });
        let waits = client.prepare(WAITS).await?;
        let wrote = client.prepare(WROTE).await?;
        let (blocked, exact) = match client.prepare(BLOCKED).await {
            Ok(blocked) => (blocked, true),
            Err(_) => (waits.clone(), false),
        };
        Ok(Self { client, blocked, waits, wrote, exact: Cell::new(exact) })
    }

    /// Whether a backend waits for one of `others`. `None` when the server cannot be asked.
    pub(super) async fn is_blocked(&self, pid: i32, others: &[i32]) -> Option<bool> {
        if self.exact.get() {
            if let Ok(row) = self.client.query_one(&self.blocked, &[&pid, &others]).await {
                return row.try_get(0).ok();
            }
            self.exact.set(false);
        }
        let row = self.client.query_one(&self.waits, &[&pid, &others]).await.ok()?;
        row.try_get(0).ok()
    }

    /// Whether a backend's transaction has written or locked anything. Yes, when in doubt.
    pub(super) async fn has_written(&self, pid: i32) -> bool {
        let row = self.client.query_one(&self.wrote, &[&pid]).await;
        row.and_then(|row| row.try_get(0)).unwrap_or(true)
    }
}
