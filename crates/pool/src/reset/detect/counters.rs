//! Asking the statistics counters how many rows of which tables were written.
//!
//! In: a slot whose clients have left or have reported their counters. Out: the counters, and the
//! differences to the baseline as [`TableWritten`].
//!
//! **Invariant**: the slot's own session counts nothing (`track_counts` is off in it), so that the
//! counters move by what tests do and by nothing else.

use std::collections::HashMap;

use super::Dirty;
use crate::reset::shape::{Kind, Shape};
use crate::returned::TableWritten;
use crate::session::Session;
use crate::slot::Counters;

const COUNTERS: &str = "\
    select o.oid, pg_stat_get_tuples_inserted(o.oid), pg_stat_get_tuples_updated(o.oid), \
           pg_stat_get_tuples_deleted(o.oid), pg_stat_get_live_tuples(o.oid) \
      from unnest($1::oid[]) o(oid)";

/// The counters of `oids`.
pub(crate) async fn read(
    inside: &Session,
    oids: &[u32],
) -> Result<HashMap<u32, Counters>, tokio_postgres::Error> {
    if oids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = inside.cached_query(COUNTERS, &[&oids]).await?;
    let counters = |row: &tokio_postgres::Row| Counters {
        inserted: row.get(1),
        updated: row.get(2),
        deleted: row.get(3),
        live: row.get(4),
    };
    Ok(rows.iter().map(|row| (row.get(0), counters(row))).collect())
}

/// What a look at the counters says.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    pub(crate) written: Vec<TableWritten>,
    /// Per table, rows inserted and rows updated or deleted.
    pub(crate) by_table: HashMap<u32, (i64, i64)>,
}

/// How the counters moved from `before` to `now`.
pub(crate) fn moved(
    shape: &Shape,
    before: &HashMap<u32, Counters>,
    now_of: &HashMap<u32, Counters>,
    dirty: &mut Dirty,
) -> Moved {
    let mut moved = Moved::default();
    for (oid, now) in now_of {
        let before = before.get(oid).copied().unwrap_or_default();
        let (inserted, updated, deleted) = (
            now.inserted - before.inserted,
            now.updated - before.updated,
            now.deleted - before.deleted,
        );
        if inserted < 0 || updated < 0 || deleted < 0 {
            // Somebody has reset them: then what they say now is what was written since.
            return self::moved(shape, &HashMap::new(), now_of, dirty);
        }
        if (inserted, updated, deleted) == (0, 0, 0) {
            continue;
        }
        dirty.add(shape, *oid);
        let relation = &shape.relations[oid];
        if relation.kind == Kind::Catalog {
            continue;
        }
        moved.by_table.insert(*oid, (inserted, updated + deleted));
        // TRUNCATE and VACUUM set the number of live rows anew.
        let anew = now.live < before.live && now.live - before.live < inserted - deleted;
        let live = if anew { now.live } else { now.live - before.live };
        moved.written.push(TableWritten {
            schema: relation.schema.clone(),
            table: relation.name.clone(),
            inserted,
            updated,
            deleted,
            live,
        });
    }
    moved.written.sort_by(|a, b| (&a.schema, &a.table).cmp(&(&b.schema, &b.table)));
    moved
}
