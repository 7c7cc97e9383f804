//! Constraint triggers.
//!
//! In: `pg_constraint` with contype `t` and its `pg_trigger`. Out: one promise per trigger.
//!
//! **Invariant**: a trigger's error is only attributable if its author names the constraint; the
//! server names it for nobody.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::Error;

use super::relations::Relations;
use super::{Server, deferrable};
use crate::name::PromiseId;
use crate::promise::{Deferrable, Promise, PromiseKind, ReportedAs};

const TRIGGERS: &str = "
SELECT c.oid, c.conparentid, c.conrelid, c.conname, c.condeferrable, c.condeferred,
       t.tgattr::int2[] AS columns, t.tgenabled::text IN ('O', 'A') AS enabled,
       pg_get_triggerdef(t.oid) AS definition
FROM pg_constraint c
JOIN pg_trigger t ON t.tgconstraint = c.oid
WHERE c.contype = 't'
ORDER BY c.oid";

/// One row of the question.
struct Trigger {
    parent: u32,
    table: u32,
    name: String,
    columns: Vec<i16>,
    definition: String,
    deferrable: Deferrable,
    enabled: bool,
}

pub(super) async fn read(
    server: &Server<'_>,
    relations: &Relations,
) -> Result<Vec<Promise>, Error> {
    let mut triggers = BTreeMap::new();
    for row in server.rows(TRIGGERS).await? {
        let trigger = Trigger {
            parent: row.try_get("conparentid")?,
            table: row.try_get("conrelid")?,
            name: row.try_get("conname")?,
            columns: row.try_get("columns")?,
            definition: row.try_get("definition")?,
            deferrable: deferrable(&row)?,
            enabled: row.try_get("enabled")?,
        };
        triggers.insert(row.try_get::<_, u32>("oid")?, trigger);
    }
    Ok(fold(&triggers, relations))
}

fn fold(triggers: &BTreeMap<u32, Trigger>, relations: &Relations) -> Vec<Promise> {
    let mut reporting: HashMap<u32, Vec<ReportedAs>> = HashMap::new();
    for (oid, trigger) in triggers {
        let mut top = *oid;
        while triggers.contains_key(&triggers[&top].parent) {
            top = triggers[&top].parent;
        }
        if let Some(relation) = relations.get(trigger.table) {
            reporting
                .entry(top)
                .or_default()
                .push(ReportedAs::constraint(&relation.name, &trigger.name));
        }
    }
    let mut promises = Vec::new();
    for (oid, trigger) in triggers {
        let Some(relation) = relations.get(trigger.table) else { continue };
        let Some(reported_as) = reporting.remove(oid) else { continue };
        promises.push(Promise {
            id: PromiseId::named(&relation.name, &trigger.name),
            kind: PromiseKind::ConstraintTrigger,
            table: Some(relation.name.clone()),
            domain: None,
            name: Some(trigger.name.clone()),
            columns: relation.column_names(&trigger.columns),
            definition: trigger.definition.clone(),
            deferrable: trigger.deferrable,
            enforced: trigger.enabled,
            validated: true,
            reported_as,
            expression: None,
            evaluated_by_writes_to: relations.landing(trigger.table),
        });
    }
    promises
}
