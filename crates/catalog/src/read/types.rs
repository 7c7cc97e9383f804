//! Which column holds which domain or enum, however deep inside of its type.
//!
//! In: `pg_type`, `pg_attribute`, `pg_range`. Out: uses by type. Main type: [`Used`].
//!
//! **Invariant**: a domain over a domain, an array, the fields of a composite, the bounds of a
//! range and of a multirange are all followed.

use std::collections::BTreeMap;

use tokio_postgres::Error;

use super::Server;
use super::relations::Relations;
use crate::table::ColumnUse;

/// Every pair of a type and a type that its values contain.
const CONTAINED: &str = "
  SELECT t.oid AS outer_type, t.typbasetype AS inner_type FROM pg_type t WHERE t.typtype = 'd'
  UNION ALL
  SELECT t.oid, t.typelem FROM pg_type t WHERE t.typelem <> 0 AND t.typlen = -1
  UNION ALL
  SELECT t.oid, a.atttypid FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid
  WHERE t.typtype = 'c' AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT r.rngtypid, r.rngsubtype FROM pg_range r
  UNION ALL
  SELECT r.rngmultitypid, r.rngsubtype FROM pg_range r";

/// The uses of each domain and enum, by the type's object id.
pub(super) struct Used {
    columns: BTreeMap<u32, Vec<ColumnUse>>,
    /// Domains by the domain that they are built on, directly or not.
    derived: BTreeMap<u32, Vec<u32>>,
}

impl Used {
    /// The columns that hold the type.
    pub(super) fn columns(&self, type_oid: u32) -> Vec<ColumnUse> {
        self.columns.get(&type_oid).cloned().unwrap_or_default()
    }

    /// The domains that are built on this one, directly or not.
    pub(super) fn derived(&self, domain_oid: u32) -> &[u32] {
        self.derived.get(&domain_oid).map_or(&[], Vec::as_slice)
    }
}

pub(super) async fn read(server: &Server<'_>, relations: &Relations) -> Result<Used, Error> {
    let oids: Vec<u32> = relations.iter().map(|(oid, _)| oid).collect();
    let sql = format!(
        "WITH RECURSIVE contained AS ({CONTAINED}),
         held (attrelid, attnum, type_oid) AS (
           SELECT a.attrelid, a.attnum, a.atttypid FROM pg_attribute a
           WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
           UNION
           SELECT h.attrelid, h.attnum, c.inner_type
           FROM held h JOIN contained c ON c.outer_type = h.type_oid)
         SELECT h.type_oid, h.attrelid, h.attnum
         FROM held h JOIN pg_type t ON t.oid = h.type_oid
         WHERE t.typtype IN ('d', 'e')
         ORDER BY h.type_oid, h.attrelid, h.attnum"
    );
    let mut columns: BTreeMap<u32, Vec<ColumnUse>> = BTreeMap::new();
    for row in server.client.query(&sql, &[&oids]).await? {
        let Some(relation) = relations.get(row.try_get("attrelid")?) else { continue };
        for column in relation.column_names(&[row.try_get("attnum")?]) {
            let column_use = ColumnUse { table: relation.name.clone(), column };
            columns.entry(row.try_get("type_oid")?).or_default().push(column_use);
        }
    }
    for uses in columns.values_mut() {
        uses.sort();
    }
    Ok(Used { columns, derived: derived(server).await? })
}

async fn derived(server: &Server<'_>) -> Result<BTreeMap<u32, Vec<u32>>, Error> {
    let sql = "
        WITH RECURSIVE built (base, domain) AS (
          SELECT t.typbasetype, t.oid FROM pg_type t WHERE t.typtype = 'd'
          UNION
          SELECT t.typbasetype, b.domain FROM built b JOIN pg_type t ON t.oid = b.base
          WHERE t.typtype = 'd')
        SELECT base, domain FROM built ORDER BY base, domain";
    let mut derived: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in server.rows(sql).await? {
        derived.entry(row.try_get("base")?).or_default().push(row.try_get("domain")?);
    }
    Ok(derived)
}
