//! Taking back what a test wrote.
//!
//! In: a slot, and what is dirty in it. Out: the slot, pristine, with its new baseline.
//!
//! Everything happens under `session_replication_role = replica`, which the slot's own session has
//! from its beginning: no trigger fires or refuses, no foreign key looks at the order. That is safe
//! because every table that was written to is set back itself. A table without seeds is emptied; of
//! one with seeds the rows that are newer than the baseline are deleted, and if seeds are then
//! missing they are inserted again from the pristine copy.
//!
//! **Invariant**: answers with an error rather than with a slot that is not known to be pristine.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use tokio_postgres::types::ToSql;

use super::catalogs::newer_than;
use super::detect::Dirty;
use super::detect::counters::Moved;
use super::pristine::{Pristine, Seeds, TEXT};
use super::shape::{Sequence, Shape};
use crate::lease::{LeaseError, quote};
use crate::slot::Inside;
use crate::template::COUNTERS_BACK;

/// Up to so many rows of a table `DELETE` is quicker than `TRUNCATE`, which has to replace the
/// files of the table and of its indexes.
const DELETE_MAX: i64 = 800;

const NEVER: &str = "writing to a String cannot fail";

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    delete: Vec<u32>,
    truncate: BTreeSet<u32>,
    /// Tables with seeds.
    restore: Vec<u32>,
    sequences: Vec<u32>,
    /// Sequences that only count (deep mode).
    counters: Vec<u32>,
}

impl Plan {
    /// The plan for `dirty`, or why there is none.
    pub(crate) fn of(shape: &Shape, dirty: &Dirty, moved: &Moved) -> Result<Self, String> {
        let mut plan = Self::default();
        if let Some(view) = dirty.materialized.first() {
            return Err(format!("the test refreshed {}", shape.relations[view]));
        }
        for &oid in &dirty.tables {
            let relation = &shape.relations[&oid];
            if relation.guarded {
                return Err(format!("{relation} has a trigger or rule that always fires"));
            }
            let (inserted, changed) = moved.by_table.get(&oid).copied().unwrap_or_default();
            let rewritten = dirty.rewritten.contains(&oid);
            if !relation.is_seedless() {
                if relation.is_large() && (changed > 0 || rewritten) {
                    return Err(format!("the test changed seeds of {relation}, which has many"));
                }
                plan.restore.push(oid);
            } else if inserted > DELETE_MAX
                && let Some(all) = shape.emptied_with(oid)
            {
                plan.truncate.extend(all);
            } else {
                plan.delete.push(oid);
            }
        }
        plan.delete.retain(|oid| !plan.truncate.contains(oid));
        let is_counter = |oid: &u32| shape.relations[oid].is_counter();
        (plan.counters, plan.sequences) = dirty.sequences.iter().partition(|oid| is_counter(oid));
        Ok(plan)
    }

    pub(crate) fn tables(&self) -> u32 {
        u32::try_from(self.delete.len() + self.truncate.len() + self.restore.len())
            .unwrap_or(u32::MAX)
    }

    pub(crate) fn sequences(&self) -> u32 {
        u32::try_from(self.sequences.len()).unwrap_or(u32::MAX)
    }

    /// Sequences that only count, and did.
    pub(crate) fn counters(&self) -> &[u32] {
        &self.counters
    }

    /// Whether the files of relations change by it.
    pub(crate) fn rewrites(&self) -> bool {
        !self.truncate.is_empty()
    }

    /// The plan as one statement of one row: what is left of each table with seeds, and `$1` is the
    /// transaction behind which everything is a test's. The same plan is the same text.
    fn sql(&self, shape: &Shape) -> String {
        let name = |oid: &u32| shape.relations[oid].quoted();
        let mut with = Vec::new();
        for oid in &self.delete {
            with.push(format!("e{oid} as (delete from only {})", name(oid)));
        }
        let newer = newer_than("$1::text");
        for oid in &self.restore {
            with.push(format!(
                "d{oid} as (delete from only {} where {newer} returning 1)",
                name(oid)
            ));
        }
        // Counted as it was before the statement, without what the statement deletes.
        let left = |oid: &u32| {
            format!("(select count(*) from only {}) - (select count(*) from d{oid})", name(oid))
        };
        let left: Vec<String> = self.restore.iter().map(left).collect();
        let with =
            if with.is_empty() { String::new() } else { format!("with {} ", with.join(", ")) };
        format!("{with}select $1::text, array[{}]::bigint[]", left.join(", "))
    }

    /// What sets the sequences back.
    fn sequences_sql(&self, shape: &Shape) -> Vec<String> {
        let each: Vec<String> = self
            .sequences
            .iter()
            .map(|oid| {
                let Sequence { last_value, is_called } = &shape.sequences[oid];
                format!("setval({oid}::oid::regclass, {last_value}, {is_called})")
            })
            .collect();
        // A list of results has at most 1664.
        each.chunks(1000).map(|some| format!("select {}", some.join(", "))).collect()
    }
}

/// Begins what takes several statements.
const BEGIN: &str = "begin read write;";

/// Which counters moved differs from test to test; the statement does not.
const BACK: &str = "select count(setval(c::regclass, 1, false)) from unnest($1::oid[]) c";

/// Asked last: what is written later is not ours.
const STANDING: &str = "select pg_current_wal_insert_lsn(), pg_current_xact_id()::xid::text";

/// Carries `plan` out.
pub(crate) async fn undo(
    inside: &mut Inside,
    shape: &Shape,
    pristine: &Pristine,
    plan: &Plan,
) -> Result<(), LeaseError> {
    let step = LeaseError::step("taking back what a test wrote");
    let session = &inside.session;
    if !plan.truncate.is_empty() {
        let names =
            plan.truncate.iter().map(|oid| format!("only {}", shape.relations[oid].quoted()));
        let names: Vec<String> = names.collect();
        let truncate = format!("truncate {}", names.join(", "));
        session.batch_execute(&truncate).await.map_err(&step)?;
    }
    // Prepared beforehand, so that they are sent in one go and in this order.
    let since: [&(dyn ToSql + Sync); 1] = [&inside.baseline.xid];
    let counters: [&(dyn ToSql + Sync); 1] = [&plan.counters];
    let nothing: &[&(dyn ToSql + Sync)] = &[];
    let mut statements = Vec::new();
    let asks = !plan.delete.is_empty() || !plan.restore.is_empty();
    if asks {
        statements.push((session.statement(&plan.sql(shape)).await.map_err(&step)?, &since[..]));
    }
    for sql in plan.sequences_sql(shape) {
        statements.push((session.statement(&sql).await.map_err(&step)?, nothing));
    }
    if !plan.counters.is_empty() {
        statements.push((session.statement(BACK).await.map_err(&step)?, &counters[..]));
    }
    statements.push((session.statement(STANDING).await.map_err(&step)?, nothing));
    let sent = statements.iter().map(|(statement, with)| session.query(statement, with));
    let answers = futures_util::future::try_join_all(sent).await.map_err(&step)?;
    let left: Vec<i64> = match answers.first().and_then(|rows| rows.first()) {
        Some(row) if asks => row.get(1),
        _ => Vec::new(),
    };
    let standing = answers.last().and_then(|rows| rows.first()).ok_or_else(unsaid)?;
    inside.baseline.lsn = standing.get(0);
    inside.baseline.xid = standing.get(1);
    let mut missing = Vec::new();
    for (at, &oid) in plan.restore.iter().enumerate() {
        if left.get(at) != Some(&pristine.count(shape, oid).await?) {
            missing.push(oid);
        }
    }
    if !missing.is_empty() {
        restore(inside, shape, pristine, &missing).await?;
    }
    Ok(())
}

fn unsaid() -> LeaseError {
    LeaseError::Earlier("the server did not say where its WAL stands".to_owned())
}

/// Inserts the seeds that are missing in `tables`, and counts them.
async fn restore(
    inside: &mut Inside,
    shape: &Shape,
    pristine: &Pristine,
    tables: &[u32],
) -> Result<(), LeaseError> {
    let step = LeaseError::step("restoring the seeds that a test changed");
    let mut begin = String::from(BEGIN);
    for (key, to) in TEXT {
        write!(begin, "set local {key} to {to};").expect(NEVER);
    }
    inside.session.batch_execute(&begin).await.map_err(&step)?;
    for &oid in tables {
        let relation = &shape.relations[&oid];
        if relation.is_large() {
            let why = format!("seeds of {relation} are missing, which has many");
            return Err(LeaseError::Earlier(why));
        }
        let seeds = pristine.seeds(shape, oid).await?;
        if seeds.columns.is_empty() {
            return Err(LeaseError::Earlier(format!("{relation} has no columns to be restored")));
        }
        let insert = insert(&relation.quoted(), &seeds);
        inside.session.cached_query(&insert, &[&seeds.lines]).await.map_err(&step)?;
        let count = format!("select count(*) from only {}", relation.quoted());
        let counted = inside.session.cached_query(&count, &[]).await.map_err(&step)?;
        let there: Option<i64> = counted.first().map(|row| row.get(0));
        if there != i64::try_from(seeds.lines.len()).ok() {
            return Err(LeaseError::Earlier(format!("the seeds of {relation} are not complete")));
        }
    }
    if shape.counts {
        // Rows that are put back are tried by the CHECKs, which count.
        inside.session.cached_query(&COUNTERS_BACK, &[]).await.map_err(&step)?;
    }
    let standing = inside.session.cached_query(STANDING, &[]).await.map_err(&step)?;
    inside.session.batch_execute("commit").await.map_err(&step)?;
    let standing = standing.first().ok_or_else(unsaid)?;
    inside.baseline.lsn = standing.get(0);
    inside.baseline.xid = standing.get(1);
    Ok(())
}

/// Inserts the rows of `$1`, each the text of a composite value, that `table` does not have.
/// `offset 0` keeps the text from being read once per column.
fn insert(table: &str, seeds: &Seeds) -> String {
    let columns: Vec<String> = seeds.columns.iter().map(|name| quote(name)).collect();
    let values: Vec<String> =
        columns.iter().map(|column| format!("(proofmark_seed.r).{column}")).collect();
    let (columns, values) = (columns.join(", "), values.join(", "));
    format!(
        "insert into {table} ({columns}) overriding system value select {values} from \
         (select proofmark_line.t::{table} as r from \
           (select unnest($1::text[]) as t except all \
            select proofmark_row::text from only {table} as proofmark_row) as proofmark_line \
          offset 0) as proofmark_seed"
    )
}
