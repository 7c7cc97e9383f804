//! Asking the WAL which files of a database were changed.
//!
//! In: a database, and a place in the WAL. Out: the numbers of the files changed since.
//!
//! A record is only readable once it is flushed, which what is rolled back never waits for: before
//! the question a record of ours is flushed, and all earlier ones with it.
//!
//! **Invariant**: locks, and what reading alone leaves (pages pruned, hints set, visibility noted),
//! are no changes.

use tokio_postgres::types::PgLsn;

use crate::session::Session;

/// More WAL than this is not read: others have been at work for long, and the counters are quicker.
const BYTES_MAX: i64 = 16 << 20;

/// In what the two questions answer, the number of every file of what all databases share.
const SHARED: u32 = 0;

/// Flushes everything that was written to the WAL before.
const FLUSH: &str = "select pg_logical_emit_message(true, 'proofmark', '')";

/// For version 16 and later. Forks other than the main one say where there is room and what is
/// visible to all, nothing of the content.
const BLOCKS: &str = "\
    select b.bytes, array(select distinct case w.reldatabase when 0 then 0::oid \
                                                       else w.relfilenode end \
                            from pg_get_wal_block_info($1, b.until, false) w \
                           where w.reldatabase in (0, $2) and w.relforknumber = 0 and not \
                                 (w.resource_manager = 'Heap' and w.record_type = 'LOCK' \
                               or w.resource_manager = 'Heap2' and w.record_type = any('{\
                                  LOCK_UPDATED,VISIBLE,PRUNE,VACUUM,FREEZE_PAGE,PRUNE_ON_ACCESS,\
                                  PRUNE_VACUUM_SCAN,PRUNE_VACUUM_CLEANUP}') \
                               or w.resource_manager = 'XLOG' \
                                  and w.record_type = 'FPI_FOR_HINT')) \
      from (select (f - $1)::bigint as bytes, case when f - $1 <= $3::bigint then f end as until \
              from pg_current_wal_flush_lsn() f) b";

/// For version 15, where the blocks of a record are one text:
/// `blkref #0: rel 1663/5/16396 fork main blk 0`.
const RECORDS: &str = "\
    select b.bytes, array(select distinct case m[1] when '0' then 0::oid else m[2]::oid end \
                            from pg_get_wal_records_info($1, b.until) w, \
                                 regexp_matches(w.block_ref, \
                                                'rel \\d+/(\\d+)/(\\d+) fork main', 'g') m \
                           where m[1] in ('0', $2::oid::text) and not \
                                 (w.resource_manager = 'Heap' and w.record_type = 'LOCK' \
                               or w.resource_manager = 'Heap2' and w.record_type = any('{\
                                  LOCK_UPDATED,VISIBLE,PRUNE,VACUUM,FREEZE_PAGE}') \
                               or w.resource_manager = 'XLOG' \
                                  and w.record_type = 'FPI_FOR_HINT')) \
      from (select (f - $1)::bigint as bytes, case when f - $1 <= $3::bigint then f end as until \
              from pg_current_wal_flush_lsn() f) b";

/// What was changed since a place in the WAL.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Files of the database.
    pub(crate) files: Vec<u32>,
    /// Whether something was changed that all databases of the server share.
    pub(crate) shared: bool,
}

/// What was changed in `database` since `from`; none when the WAL does not tell.
///
/// The statements are sent when this is polled first, in one go with those sent just before.
pub(crate) async fn changed(
    control: &Session,
    version_num: u32,
    database: u32,
    from: PgLsn,
) -> Option<Changed> {
    let sql = if version_num >= 160_000 { BLOCKS } else { RECORDS };
    let (flushed, rows) = futures_util::future::join(
        control.cached_query(FLUSH, &[]),
        control.cached_query(sql, &[&from, &database, &BYTES_MAX]),
    )
    .await;
    flushed.ok()?;
    // An error is an answer as well: this part of the WAL has been recycled.
    let rows = rows.ok()?;
    let row = rows.first()?;
    let read = row.get::<_, i64>(0) <= BYTES_MAX;
    read.then(|| {
        let (shared, files) =
            row.get::<_, Vec<u32>>(1).into_iter().partition(|file| *file == SHARED);
        let shared: Vec<u32> = shared;
        Changed { files, shared: !shared.is_empty() }
    })
}
