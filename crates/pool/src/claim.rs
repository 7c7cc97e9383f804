//! Whose databases are whose, on a server that is not ours alone.
//!
//! In: a run's name. Out: a [`Claim`] that lives as long as the run, and the removal of databases
//! whose run is gone.
//!
//! Each copy carries the mark of its run from the moment it exists; a run holds an advisory lock
//! for as long as it lives, which the server gives up for it however it ends. So a copy whose run's
//! lock is free belongs to nobody any more.
//!
//! The mark is the copy's connection limit, a number far above any real one: a comment would need
//! a second statement, and a run that is killed between the two would leave a copy for ever.
//!
//! **Invariant**: a database without our mark is never dropped, whatever its name.

use sha2::{Digest, Sha256};
use tokio_postgres::Client;

use crate::lease::{LeaseError, drop_database, literal, quote};
use crate::session::Session;
use crate::target::Target;

/// The lowest mark; a server has at most 262143 connections (`MAX_BACKENDS` in PostgreSQL's
/// source), so that no limit of a user's own means anything up here.
const MARK_MIN: i32 = 0x5000_0000;
/// The highest mark.
const MARK_MAX: i32 = MARK_MIN + 0xff_ffff;

/// A run's sign of life on a server; ends with its connection.
#[derive(Debug)]
pub(crate) struct Claim {
    _session: Session,
}

/// The mark of the copies of `run`. Two runs may have the same one: what either leaves is then
/// dropped when both are gone.
pub(crate) fn mark_of(run: &str) -> i32 {
    let digest = Sha256::digest(run.as_bytes());
    MARK_MIN + i32::from_le_bytes([digest[0], digest[1], digest[2], 0])
}

/// Whether a connection limit is the mark of a run.
pub(crate) fn is_mark(limit: i32) -> bool {
    (MARK_MIN..=MARK_MAX).contains(&limit)
}

/// The advisory lock of the runs with this mark.
fn lock_of(mark: i32) -> i64 {
    let digest = Sha256::digest(format!("proofmark run {mark}").as_bytes());
    i64::from_le_bytes(digest[..8].try_into().expect("a SHA-256 has 32 bytes"))
}

impl Claim {
    /// Takes the lock of `run` and drops what dead runs left.
    pub(crate) async fn take(target: &Target, run: &str) -> Result<Self, LeaseError> {
        let step = LeaseError::step("claiming a place on the test server");
        let session = Session::open(target.maintenance()).await?;
        session
            .execute("select pg_advisory_lock_shared($1)", &[&lock_of(mark_of(run))])
            .await
            .map_err(&step)?;
        if target.is_private() {
            // Of processes that shared the server with us and have ended; nothing waits for it.
            let target = target.clone();
            tokio::spawn(async move {
                if let Ok(session) = Session::open(target.maintenance()).await {
                    // What cannot be dropped now goes with the server.
                    drop(drop_orphans(&session).await);
                }
            });
        } else {
            drop_orphans(&session).await.map_err(&step)?;
        }
        Ok(Self { _session: session })
    }
}

/// Takes the mark off a database that stays.
pub(crate) async fn unmark(client: &Client, database: &str) -> Result<(), LeaseError> {
    let quoted = quote(database);
    let comment = literal("proofmark: kept because its test failed; drop it when you are done");
    client
        .batch_execute(&format!(
            "comment on database {quoted} is {comment}; \
             alter database {quoted} with connection limit -1"
        ))
        .await
        .map_err(LeaseError::step("keeping a database"))
}

async fn drop_orphans(session: &Session) -> Result<(), tokio_postgres::Error> {
    let marked = session
        .query(
            "select datname::text, datconnlimit from pg_database \
              where starts_with(datname::text, 'proofmark_') and datconnlimit between $1 and $2",
            &[&MARK_MIN, &MARK_MAX],
        )
        .await?;
    for row in marked {
        let (database, mark): (String, i32) = (row.get(0), row.get(1));
        let lock = lock_of(mark);
        let free = session.query_one("select pg_try_advisory_lock($1)", &[&lock]).await?;
        if free.get::<_, bool>(0) {
            drop_database(session, &database).await?;
            session.execute("select pg_advisory_unlock($1)", &[&lock]).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_in_their_range_and_tell_runs_apart() {
        for run in ["", "3872b0", "ffffff"] {
            assert!((MARK_MIN..=MARK_MAX).contains(&mark_of(run)), "{run}");
        }
        assert_ne!(mark_of("3872b0"), mark_of("3872b1"));
    }
}
