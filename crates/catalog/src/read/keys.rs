//! Primary keys, UNIQUE constraints, and unique indexes without a constraint.
//!
//! In: `pg_index` with its `pg_constraint`, where there is one. Out: one promise per key that is
//! not attached to a parent's.
//!
//! **Invariant**: the server names the index in an error, on a partition the partition's own; a
//! constraint and its index always share one name.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::{Error, Row};

use super::relations::Relations;
use super::{Server, deferrable};
use crate::name::PromiseId;
use crate::promise::{Deferrable, Promise, PromiseKind, ReportedAs, Unique};

/// One row of the question: an index.
struct Key {
    table: u32,
    name: String,
    columns: Vec<i16>,
    kind: PromiseKind,
    definition: String,
    deferrable: Deferrable,
}

pub(super) async fn read(
    server: &Server<'_>,
    relations: &Relations,
) -> Result<Vec<Promise>, Error> {
    let nulls_not_distinct = server.since(15, "i.indnullsnotdistinct", "false");
    let period = server.since(18, "COALESCE(c.conperiod, false)", "false");
    let sql = format!(
        "SELECT i.indexrelid, i.indrelid, x.relname, i.indisprimary,
                (i.indkey::int2[])[0:i.indnkeyatts - 1] AS columns,
                pg_get_expr(i.indpred, i.indrelid) AS predicate,
                pg_get_expr(i.indexprs, i.indrelid) AS expression,
                COALESCE(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)) AS definition,
                c.oid IS NULL AS index_only,
                COALESCE(c.condeferrable, false) AS condeferrable,
                COALESCE(c.condeferred, false) AS condeferred,
                {nulls_not_distinct} AS nulls_not_distinct, {period} AS without_overlaps
         FROM pg_index i
         JOIN pg_class x ON x.oid = i.indexrelid
         LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
         WHERE (i.indisunique OR c.contype IN ('p', 'u')) AND i.indislive
         ORDER BY i.indexrelid"
    );
    let mut keys = BTreeMap::new();
    for row in server.rows(&sql).await? {
        keys.insert(row.try_get::<_, u32>("indexrelid")?, key(&row)?);
    }
    Ok(fold(&keys, relations))
}

fn key(row: &Row) -> Result<Key, Error> {
    let without_overlaps = row.try_get("without_overlaps")?;
    let kind = if row.try_get("indisprimary")? {
        PromiseKind::PrimaryKey { without_overlaps }
    } else {
        PromiseKind::Unique(Unique {
            index_only: row.try_get("index_only")?,
            predicate: row.try_get("predicate")?,
            expression: row.try_get("expression")?,
            nulls_not_distinct: row.try_get("nulls_not_distinct")?,
            without_overlaps,
        })
    };
    Ok(Key {
        table: row.try_get("indrelid")?,
        name: row.try_get("relname")?,
        columns: row.try_get("columns")?,
        kind,
        definition: row.try_get("definition")?,
        deferrable: deferrable(row)?,
    })
}

fn fold(keys: &BTreeMap<u32, Key>, relations: &Relations) -> Vec<Promise> {
    let mut attached: HashMap<u32, Vec<&Key>> = HashMap::new();
    for (index, key) in keys {
        for top in relations.topmost(*index, &|parent| keys.contains_key(&parent)) {
            attached.entry(top).or_default().push(key);
        }
    }
    let mut promises = Vec::new();
    for (index, key) in keys {
        let Some(relation) = relations.get(key.table) else { continue };
        let Some(reporting) = attached.get(index) else { continue };
        promises.push(Promise {
            id: PromiseId::named(&relation.name, &key.name),
            kind: key.kind.clone(),
            table: Some(relation.name.clone()),
            domain: None,
            name: Some(key.name.clone()),
            columns: relation.column_names(&key.columns),
            definition: key.definition.clone(),
            deferrable: key.deferrable,
            enforced: true,
            validated: true,
            reported_as: reporting
                .iter()
                .filter_map(|key| Some((&relations.get(key.table)?.name, &key.name)))
                .map(|(table, name)| ReportedAs::constraint(table, name))
                .collect(),
            expression: None,
            evaluated_by_writes_to: relations.landing(key.table),
        });
    }
    promises
}
