//! Enums and their labels.
//!
//! In: `pg_type` with typtype `e`, `pg_enum`. Out: enums, and one promise for the labels of each.
//!
//! **Invariant**: the error about a wrong label names nothing, so these promises are reported as
//! nothing and can never be attributed.

use tokio_postgres::Error;

use super::Server;
use super::domains::tables;
use super::types::Used;
use crate::name::{PromiseId, TableName};
use crate::promise::{Deferrable, Promise, PromiseKind};
use crate::table::EnumType;

const ENUMS: &str = "
SELECT t.oid, n.nspname, t.typname,
       array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_enum e ON e.enumtypid = t.oid
WHERE n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
GROUP BY t.oid, n.nspname, t.typname
ORDER BY n.nspname, t.typname";

pub(super) async fn read(
    server: &Server<'_>,
    used: &Used,
) -> Result<(Vec<EnumType>, Vec<Promise>), Error> {
    let mut enums = Vec::new();
    for row in server.rows(ENUMS).await? {
        enums.push(EnumType {
            name: TableName { schema: row.try_get("nspname")?, name: row.try_get("typname")? },
            labels: row.try_get("labels")?,
            used_by: used.columns(row.try_get("oid")?),
        });
    }
    enums.sort_by(|a, b| a.name.cmp(&b.name));
    let promises = enums.iter().map(promise).collect();
    Ok((enums, promises))
}

fn promise(of: &EnumType) -> Promise {
    Promise {
        id: PromiseId::labels(&of.name),
        kind: PromiseKind::Enum,
        table: None,
        domain: Some(of.name.clone()),
        name: None,
        columns: Vec::new(),
        definition: format!("ENUM ({})", of.labels.join(", ")),
        deferrable: Deferrable::No,
        enforced: true,
        validated: true,
        reported_as: Vec::new(),
        expression: None,
        evaluated_by_writes_to: tables(&of.used_by),
    }
}
