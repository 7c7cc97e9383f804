//! EXCLUDE constraints.
//!
//! In: `pg_constraint` with contype `x`. Out: one promise per constraint that is not attached to
//! a parent's (partitioned tables can have them from 17).
//!
//! **Invariant**: WITHOUT OVERLAPS is a key and not read here, although its errors look alike.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::Error;

use super::relations::Relations;
use super::{Server, deferrable};
use crate::name::PromiseId;
use crate::promise::{Deferrable, Promise, PromiseKind, ReportedAs};

const EXCLUSIONS: &str = "
SELECT c.conindid, c.conrelid, c.conname, c.conkey, pg_get_constraintdef(c.oid) AS definition,
       c.condeferrable, c.condeferred
FROM pg_constraint c
WHERE c.contype = 'x'
ORDER BY c.oid";

/// One row of the question.
struct Exclusion {
    table: u32,
    name: String,
    columns: Vec<i16>,
    definition: String,
    deferrable: Deferrable,
}

pub(super) async fn read(
    server: &Server<'_>,
    relations: &Relations,
) -> Result<Vec<Promise>, Error> {
    let mut exclusions = BTreeMap::new();
    for row in server.rows(EXCLUSIONS).await? {
        let exclusion = Exclusion {
            table: row.try_get("conrelid")?,
            name: row.try_get("conname")?,
            columns: row.try_get::<_, Option<_>>("conkey")?.unwrap_or_default(),
            definition: row.try_get("definition")?,
            deferrable: deferrable(&row)?,
        };
        exclusions.insert(row.try_get::<_, u32>("conindid")?, exclusion);
    }
    Ok(fold(&exclusions, relations))
}

fn fold(exclusions: &BTreeMap<u32, Exclusion>, relations: &Relations) -> Vec<Promise> {
    let mut attached: HashMap<u32, Vec<&Exclusion>> = HashMap::new();
    for (index, exclusion) in exclusions {
        for top in relations.topmost(*index, &|parent| exclusions.contains_key(&parent)) {
            attached.entry(top).or_default().push(exclusion);
        }
    }
    let mut promises = Vec::new();
    for (index, exclusion) in exclusions {
        let Some(relation) = relations.get(exclusion.table) else { continue };
        let Some(reporting) = attached.get(index) else { continue };
        promises.push(Promise {
            id: PromiseId::named(&relation.name, &exclusion.name),
            kind: PromiseKind::Exclude,
            table: Some(relation.name.clone()),
            domain: None,
            name: Some(exclusion.name.clone()),
            columns: relation.column_names(&exclusion.columns),
            definition: exclusion.definition.clone(),
            deferrable: exclusion.deferrable,
            enforced: true,
            validated: true,
            reported_as: reporting
                .iter()
                .filter_map(|one| Some((&relations.get(one.table)?.name, &one.name)))
                .map(|(table, name)| ReportedAs::constraint(table, name))
                .collect(),
            expression: None,
            evaluated_by_writes_to: relations.landing(exclusion.table),
        });
    }
    promises
}
