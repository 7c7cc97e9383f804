//! NOT NULL of columns.
//!
//! In: `pg_attribute.attnotnull`, which is right on every version, and the name from
//! `pg_constraint` with contype `n` (18). Out: one promise per column that no parent has.
//!
//! **Invariant**: an error about a NULL never carries the constraint's name, so the name is only
//! shown and never matched.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio_postgres::Error;

use super::Server;
use super::relations::Relations;
use crate::name::PromiseId;
use crate::promise::{Deferrable, Promise, PromiseKind, ReportedAs};

const PRIMARY_KEY_COLUMNS: &str = "
SELECT i.indrelid, k.attnum
FROM pg_index i, unnest(i.indkey::int2[]) AS k(attnum)
WHERE i.indisprimary";

const NAMED: &str = "
SELECT c.conrelid, c.conkey[1] AS attnum, c.conname, c.convalidated, c.connoinherit
FROM pg_constraint c
WHERE c.contype = 'n' AND c.conrelid <> 0";

/// What only 18 knows about a NOT NULL.
struct Named {
    name: String,
    validated: bool,
    inherited_by_none: bool,
}

pub(super) async fn read(
    server: &Server<'_>,
    relations: &Relations,
) -> Result<Vec<Promise>, Error> {
    let mut key_columns = BTreeSet::new();
    for row in server.rows(PRIMARY_KEY_COLUMNS).await? {
        key_columns.insert((row.try_get::<_, u32>(0)?, row.try_get::<_, i16>(1)?));
    }
    let mut named = BTreeMap::new();
    // Before 18 there are such rows only for domains, and those have no table.
    for row in server.rows(NAMED).await? {
        let column = (row.try_get::<_, u32>("conrelid")?, row.try_get::<_, i16>("attnum")?);
        named.insert(
            column,
            Named {
                name: row.try_get("conname")?,
                validated: row.try_get("convalidated")?,
                inherited_by_none: row.try_get("connoinherit")?,
            },
        );
    }
    Ok(fold(relations, &key_columns, &named))
}

fn fold(
    relations: &Relations,
    key_columns: &BTreeSet<(u32, i16)>,
    named: &BTreeMap<(u32, i16), Named>,
) -> Vec<Promise> {
    let heritable = |oid: u32, column: &str| {
        relations.get(oid).is_some_and(|relation| {
            relation.has_not_null(column)
                && !relation.is_foreign()
                && !relation.columns().any(|(number, candidate)| {
                    candidate.name == column
                        && named.get(&(oid, number)).is_some_and(|known| known.inherited_by_none)
                })
        })
    };
    let mut children: HashMap<(u32, &str), Vec<u32>> = HashMap::new();
    for (oid, relation) in relations.iter() {
        for (_, column) in relation.columns().filter(|(_, column)| column.not_null) {
            for top in relations.topmost(oid, &|parent| heritable(parent, &column.name)) {
                children.entry((top, &column.name)).or_default().push(oid);
            }
        }
    }
    let mut promises = Vec::new();
    for (oid, relation) in relations.iter() {
        for (number, column) in relation.columns() {
            let Some(reporting) = children.get(&(oid, column.name.as_str())) else { continue };
            let tables: Vec<_> = reporting
                .iter()
                .filter_map(|child| Some(relations.get(*child)?.name.clone()))
                .collect();
            let known = named.get(&(oid, number));
            promises.push(Promise {
                id: PromiseId::not_null(&relation.name, &column.name),
                kind: PromiseKind::NotNull {
                    implied_by_primary_key: key_columns.contains(&(oid, number)),
                },
                table: Some(relation.name.clone()),
                domain: None,
                name: known.map(|known| known.name.clone()),
                columns: vec![column.name.clone()],
                definition: format!("NOT NULL {}", column.name),
                deferrable: Deferrable::No,
                enforced: !relation.is_foreign(),
                validated: known.is_none_or(|known| known.validated),
                reported_as: tables
                    .iter()
                    .map(|table| ReportedAs::column(table, &column.name))
                    .collect(),
                expression: None,
                evaluated_by_writes_to: tables,
            });
        }
    }
    promises
}
