//! Indexes.
//!
//! In: `pg_index`. Out: every index of the user's tables.
//!
//! **Invariant**: an index of a partitioned table holds nothing itself; it is named as what its
//! partitions' indexes are part of.

use tokio_postgres::Error;

use super::Server;
use super::relations::Relations;
use crate::name::TableName;
use crate::table::Index;

const INDEXES: &str = "
SELECT i.indrelid, c.relname,
       i.indisunique OR i.indisexclusion AS guards,
       pn.nspname AS parent_schema, p.relname AS parent
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_class p ON p.oid = h.inhparent
LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE i.indexrelid >= 16384 AND c.relkind IN ('i', 'I')";

pub(super) async fn read(server: &Server<'_>, relations: &Relations) -> Result<Vec<Index>, Error> {
    let mut indexes = Vec::new();
    for row in server.rows(INDEXES).await? {
        let Some(relation) = relations.get(row.try_get("indrelid")?) else { continue };
        let parent: (Option<String>, Option<String>) =
            (row.try_get("parent_schema")?, row.try_get("parent")?);
        indexes.push(Index {
            table: relation.name.clone(),
            name: row.try_get("relname")?,
            guards: row.try_get("guards")?,
            part_of: parent.0.zip(parent.1).map(|(schema, name)| TableName { schema, name }),
        });
    }
    indexes.sort_by(|a, b| (&a.table, &a.name).cmp(&(&b.table, &b.name)));
    Ok(indexes)
}
