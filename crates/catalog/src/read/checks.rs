//! CHECK constraints of tables.
//!
//! In: `pg_constraint` with contype `c`. Out: one promise per CHECK that no parent has.
//!
//! **Invariant**: a child's CHECK is its parent's if the name is the same; the server merges
//! them by name and keeps no other link (`MergeWithExistingConstraint`).

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::{Error, Row};

use super::Server;
use super::relations::{Relation, Relations};
use crate::name::PromiseId;
use crate::promise::{Deferrable, Promise, PromiseKind, ReportedAs};

/// One row of the question.
struct Check {
    columns: Vec<i16>,
    name: String,
    expression: Option<String>,
    definition: String,
    validated: bool,
    inherited_by_none: bool,
    enforced: bool,
}

pub(super) async fn read(
    server: &Server<'_>,
    relations: &Relations,
) -> Result<Vec<Promise>, Error> {
    let enforced = server.since(18, "c.conenforced", "true");
    let sql = format!(
        "SELECT c.conrelid, c.conname, c.conkey, pg_get_expr(c.conbin, c.conrelid) AS expression,
                pg_get_constraintdef(c.oid) AS definition, c.convalidated, c.connoinherit,
                {enforced} AS enforced
         FROM pg_constraint c
         WHERE c.contype = 'c' AND c.conrelid <> 0
         ORDER BY c.conrelid, c.conname"
    );
    let mut checks = BTreeMap::new();
    for row in server.rows(&sql).await? {
        let table: u32 = row.try_get("conrelid")?;
        let mut check = check(&row)?;
        check.enforced &= !relations.get(table).is_some_and(Relation::is_foreign);
        checks.insert((table, check.name.clone()), check);
    }
    Ok(fold(&checks, relations))
}

fn check(row: &Row) -> Result<Check, Error> {
    Ok(Check {
        columns: row.try_get::<_, Option<_>>("conkey")?.unwrap_or_default(),
        name: row.try_get("conname")?,
        expression: row.try_get("expression")?,
        definition: row.try_get("definition")?,
        validated: row.try_get("convalidated")?,
        inherited_by_none: row.try_get("connoinherit")?,
        enforced: row.try_get("enforced")?,
    })
}

fn fold(checks: &BTreeMap<(u32, String), Check>, relations: &Relations) -> Vec<Promise> {
    let mut children: HashMap<(u32, &str), Vec<u32>> = HashMap::new();
    for ((table, name), check) in checks {
        // A child may enforce what its parent does not (18), and a foreign partition does not
        // enforce what its parent does; then its promise is another one.
        let from = |parent: u32| {
            checks
                .get(&(parent, name.clone()))
                .is_some_and(|above| !above.inherited_by_none && above.enforced == check.enforced)
        };
        for top in relations.topmost(*table, &from) {
            children.entry((top, name)).or_default().push(*table);
        }
    }
    let mut promises = Vec::new();
    for ((table, name), check) in checks {
        let Some(relation) = relations.get(*table) else { continue };
        let Some(reporting) = children.get(&(*table, name.as_str())) else { continue };
        let tables: Vec<_> =
            reporting.iter().filter_map(|oid| Some(relations.get(*oid)?.name.clone())).collect();
        promises.push(Promise {
            id: PromiseId::named(&relation.name, name),
            kind: PromiseKind::Check,
            table: Some(relation.name.clone()),
            domain: None,
            name: Some(name.clone()),
            columns: relation.column_names(&check.columns),
            definition: check.definition.clone(),
            deferrable: Deferrable::No,
            enforced: check.enforced,
            validated: check.validated,
            reported_as: tables.iter().map(|table| ReportedAs::constraint(table, name)).collect(),
            expression: check.expression.clone(),
            evaluated_by_writes_to: tables,
        });
    }
    promises
}
