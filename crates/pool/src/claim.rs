//! Whose databases are whose, on a server that is not ours alone.
//!
//! In: a run's name. Out: a [`Claim`] that lives as long as the run, and the removal of databases
//! whose run is gone.
//!
//! Each copy carries a comment with its run; a run holds an advisory lock for as long as it lives,
//! which the server gives up for it however it ends. So a copy whose run's lock is free belongs to
//! nobody any more.
//!
//! **Invariant**: a database without our comment is never dropped, whatever its name.

use sha2::{Digest, Sha256};
use tokio_postgres::Client;

use crate::lease::{LeaseError, drop_database, literal, quote};
use crate::session::Session;
use crate::target::Target;

/// How the comment on a copy begins; the run's name follows.
const MARK: &str = "proofmark: a copy for run ";

/// A run's sign of life on a server; ends with its connection.
#[derive(Debug)]
pub(crate) struct Claim {
    _session: Session,
}

/// The advisory lock of `run`; a hash, because locks are numbers.
fn lock_of(run: &str) -> i64 {
    let digest = Sha256::digest(format!("proofmark run {run}").as_bytes());
    i64::from_le_bytes(digest[..8].try_into().expect("a SHA-256 has 32 bytes"))
}

impl Claim {
    /// Takes the lock of `run` and drops what dead runs left.
    pub(crate) async fn take(target: &Target, run: &str) -> Result<Self, LeaseError> {
        let step = LeaseError::step("claiming a place on the test server");
        let session = Session::open(target.maintenance()).await?;
        session
            .execute("select pg_advisory_lock_shared($1)", &[&lock_of(run)])
            .await
            .map_err(&step)?;
        drop_orphans(&session).await.map_err(&step)?;
        Ok(Self { _session: session })
    }
}

/// Marks `database` as a copy of `run`.
pub(crate) async fn mark(client: &Client, database: &str, run: &str) -> Result<(), LeaseError> {
    let comment = literal(&format!("{MARK}{run}"));
    client
        .batch_execute(&format!("comment on database {} is {comment}", quote(database)))
        .await
        .map_err(LeaseError::step("marking a copy"))
}

/// Takes the mark off a database that stays.
pub(crate) async fn unmark(client: &Client, database: &str) -> Result<(), LeaseError> {
    let comment = literal("proofmark: kept because its test failed; drop it when you are done");
    client
        .batch_execute(&format!("comment on database {} is {comment}", quote(database)))
        .await
        .map_err(LeaseError::step("keeping a database"))
}

async fn drop_orphans(session: &Session) -> Result<(), tokio_postgres::Error> {
    let marked = session
        .query(
            "select d.datname::text, substr(c.text, length($1) + 1) \
               from pg_database d, shobj_description(d.oid, 'pg_database') c(text) \
              where starts_with(c.text, $1)",
            &[&MARK],
        )
        .await?;
    for row in marked {
        let (database, run): (String, String) = (row.get(0), row.get(1));
        let lock = lock_of(&run);
        let free = session.query_one("select pg_try_advisory_lock($1)", &[&lock]).await?;
        if free.get::<_, bool>(0) {
            drop_database(session, &database).await?;
            session.execute("select pg_advisory_unlock($1)", &[&lock]).await?;
        }
    }
    Ok(())
}
