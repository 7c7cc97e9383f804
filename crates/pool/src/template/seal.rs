//! Making a migrated database cheap and safe to copy.
//!
//! In: a migrated database. Out: the same under the template's name, compacted, warmed and closed
//! to connections.
//!
//! Why each step: copying costs per file, and `VACUUM FULL` leaves fewer; the first connection
//! after the last DDL writes `pg_internal.init`, which a file copy then carries, so that the
//! first connection to a copy is not the one that pays; a single leftover connection would stall
//! every copy for five seconds, so none is allowed any more.
//!
//! **Invariant**: the content that a test can see is not changed.

use tokio_postgres::Client;

use super::error::BuildError;
use crate::session::Session;
use crate::target::Target;

/// Compacts the database behind `session`.
pub(super) async fn compact(session: &Client) -> Result<(), BuildError> {
    session
        .batch_execute("vacuum (full, analyze)")
        .await
        .map_err(BuildError::step("compacting the template"))
}

/// Opens and closes one connection to `database`, so that its caches are on disk.
pub(super) async fn warm(target: &Target, database: &str) -> Result<(), BuildError> {
    let session = Session::open(&target.config(database)).await?;
    session
        .simple_query("select count(*) from pg_class")
        .await
        .map_err(BuildError::step("warming the template"))?;
    session.close().await;
    Ok(())
}

/// Closes `database` and marks it as finished; `maintenance` is a session of another database.
pub(super) async fn seal(maintenance: &Client, database: &str) -> Result<(), BuildError> {
    let quoted = crate::lease::quote(database);
    let comment = "proofmark: a template; dropped by nobody but proofmark";
    maintenance
        .batch_execute(&format!(
            "alter database {quoted} with allow_connections false is_template true; \
             comment on database {quoted} is '{comment}'"
        ))
        .await
        .map_err(BuildError::step("sealing the template"))
}
