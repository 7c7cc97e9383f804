//! Asking a database what was written to it.
//!
//! In: the database of a finished lease, with nobody connected. Out: [`TableWritten`] per table.
//!
//! A copy starts with all its counters at zero, and a backend reports its own when it exits, so
//! the counters are exactly what the lease did. Up to version 14 a separate collector receives
//! them with a delay of at most half a second, which is waited for.
//!
//! **Invariant**: reads counters and names, never rows.

use std::time::Duration;

use tokio_postgres::Client;

use crate::lease::LeaseError;
use crate::returned::TableWritten;
use crate::target::Target;

/// What the collector of version 14 may lag behind (`PGSTAT_STAT_INTERVAL` in its `pgstat.c`).
const COLLECTOR_LAG: Duration = Duration::from_millis(600);

/// Whether anything at all was written to `database`; cheap, needs no connection to it.
pub(crate) async fn untouched(maintenance: &Client, database: &str) -> Result<bool, LeaseError> {
    let row = maintenance
        .query_opt(
            "select tup_inserted + tup_updated + tup_deleted from pg_stat_database \
              where datname = $1",
            &[&database],
        )
        .await
        .map_err(LeaseError::step("reading the statistics of a returned database"))?;
    Ok(row.is_none_or(|row| row.get::<_, Option<i64>>(0) == Some(0)))
}

/// Whether something may have been written to `database`; only then it is worth a connection.
pub(crate) async fn touched(
    target: &Target,
    maintenance: &Client,
    database: &str,
) -> Result<bool, LeaseError> {
    if target.version_num() < 150_000 {
        tokio::time::sleep(COLLECTOR_LAG).await;
        return Ok(true);
    }
    Ok(!untouched(maintenance, database).await?)
}

/// The tables of the database of `session` that were written to.
pub(crate) async fn written(session: &Client) -> Result<Vec<TableWritten>, LeaseError> {
    let rows = session
        .query(
            "select schemaname::text, relname::text, n_tup_ins, n_tup_upd, n_tup_del, n_live_tup \
               from pg_stat_user_tables where n_tup_ins + n_tup_upd + n_tup_del > 0 \
              order by 1, 2",
            &[],
        )
        .await
        .map_err(LeaseError::step("reading the statistics of a returned database"))?;
    Ok(rows
        .iter()
        .map(|row| TableWritten {
            schema: row.get(0),
            table: row.get(1),
            inserted: row.get(2),
            updated: row.get(3),
            deleted: row.get(4),
            live: row.get(5),
        })
        .collect())
}
