//! What a server allows.
//!
//! In: a session in the maintenance database. Out: whether databases can be reset in place there,
//! and whether the WAL can be read.
//!
//! **Invariant**: adds nothing to a server that is the user's; to a private one the extension
//! `pg_walinspect`, in the maintenance database, which is in none of the databases handed out.

use crate::lease::LeaseError;
use crate::session::Session;
use crate::target::Target;

/// Held while the extension is created: two who do so at once would meet in the catalog.
const CREATING: i64 = 0x7072_6f6f_6600;

/// Why databases of `target` cannot be reset in place; none when they can.
pub(crate) async fn missing(
    target: &Target,
    session: &Session,
) -> Result<Option<String>, LeaseError> {
    if target.version_num() < 150_000 {
        return Ok(Some("PostgreSQL 14 cannot be asked what a test wrote as it ends".to_owned()));
    }
    let row = session
        .query_one(
            "select rolsuper, current_setting('track_counts') = 'on' from pg_roles \
              where rolname = current_user",
            &[],
        )
        .await
        .map_err(LeaseError::step("asking what the test server allows"))?;
    if !row.get::<_, bool>(0) {
        let user = target.user();
        return Ok(Some(format!("the user `{user}` of the test server is no superuser")));
    }
    if !row.get::<_, bool>(1) {
        return Ok(Some("the test server does not count what is written: track_counts".to_owned()));
    }
    Ok(None)
}

/// Whether the WAL can be read on this server; the extension is created on a private one.
pub(crate) async fn reads_wal(target: &Target, session: &Session) -> Result<bool, LeaseError> {
    let step = LeaseError::step("asking whether the WAL can be read");
    let installed = "select from pg_extension where extname = 'pg_walinspect'";
    let level = session.query_one("select current_setting('wal_level')", &[]).await;
    if level.map_err(&step)?.get::<_, &str>(0) == "minimal" {
        // Then the content of a table that was made in the same transaction is not in it.
        return Ok(false);
    }
    if session.query_opt(installed, &[]).await.map_err(&step)?.is_some() {
        return Ok(true);
    }
    let available = "select from pg_available_extensions where name = 'pg_walinspect'";
    let available = session.query_opt(available, &[]).await.map_err(&step)?.is_some();
    if !target.is_private() || !available {
        return Ok(false);
    }
    session
        .batch_execute(&format!(
            "begin; select pg_advisory_xact_lock({CREATING}); \
             create extension if not exists pg_walinspect; commit"
        ))
        .await
        .map_err(&step)?;
    Ok(true)
}
