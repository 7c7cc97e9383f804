//! Tables, columns, and what inherits from what.
//!
//! In: `pg_class`, `pg_attribute`, `pg_inherits`. Out: tables by object id, and for anything that
//! a child has from its parents, the topmost that has it. Main type: [`Relations`].
//!
//! **Invariant**: object ids stay inside of the readers.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::{Error, Row};

use super::Server;
use crate::name::TableName;
use crate::table::{Column, Generated, Identity, Table, TableKind};

/// Tables in which migration tools remember what they applied: sqlx, refinery, dbmate and Rails,
/// Flyway, Liquibase, Diesel, Alembic, Django, Prisma, Knex, Goose, Drizzle, Sequelize. They are
/// the tool's, and no test has a reason to try their promises.
const LEDGERS: [&str; 17] = [
    "_sqlx_migrations",
    "refinery_schema_history",
    "schema_migrations",
    "ar_internal_metadata",
    "flyway_schema_history",
    "databasechangelog",
    "databasechangeloglock",
    "__diesel_schema_migrations",
    "alembic_version",
    "django_migrations",
    "_prisma_migrations",
    "knex_migrations",
    "knex_migrations_lock",
    "goose_db_version",
    "__drizzle_migrations",
    "SequelizeMeta",
    "_migrations",
];

const TABLES: &str = "
SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.relispartition
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f')
  AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND c.relname <> ALL ($1)
  AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname";

const COLUMNS: &str = "
SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod) AS type_name,
       a.attnotnull, a.attgenerated::text, a.attidentity::text,
       pg_get_expr(d.adbin, d.adrelid) AS expression
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum";

/// Of tables and of indexes alike.
const INHERITS: &str = "
SELECT inhrelid, inhparent FROM pg_inherits ORDER BY inhrelid, inhseqno";

/// Everything about tables that the other readers need.
pub(super) struct Relations {
    by_oid: BTreeMap<u32, Relation>,
    parents: HashMap<u32, Vec<u32>>,
}

/// A table as the readers see it.
pub(super) struct Relation {
    /// Its name.
    pub(super) name: TableName,
    relkind: String,
    is_partition: bool,
    columns: BTreeMap<i16, Column>,
}

impl Relations {
    pub(super) async fn read(server: &Server<'_>) -> Result<Self, Error> {
        let ledgers = LEDGERS.as_slice();
        let mut by_oid = BTreeMap::new();
        for row in server.client.query(TABLES, &[&ledgers]).await? {
            let relation = Relation {
                name: TableName { schema: row.try_get("nspname")?, name: row.try_get("relname")? },
                relkind: row.try_get("relkind")?,
                is_partition: row.try_get("relispartition")?,
                columns: BTreeMap::new(),
            };
            by_oid.insert(row.try_get::<_, u32>("oid")?, relation);
        }
        let oids: Vec<u32> = by_oid.keys().copied().collect();
        for row in server.client.query(COLUMNS, &[&oids]).await? {
            if let Some(relation) = by_oid.get_mut(&row.try_get::<_, u32>("attrelid")?) {
                relation.columns.insert(row.try_get("attnum")?, column(&row)?);
            }
        }
        let mut parents: HashMap<u32, Vec<u32>> = HashMap::new();
        for row in server.rows(INHERITS).await? {
            parents.entry(row.try_get("inhrelid")?).or_default().push(row.try_get("inhparent")?);
        }
        Ok(Self { by_oid, parents })
    }

    /// The table, unless it is none of the user's.
    pub(super) fn get(&self, oid: u32) -> Option<&Relation> {
        self.by_oid.get(&oid)
    }

    /// All tables with their object ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Relation)> {
        self.by_oid.iter().map(|(oid, relation)| (*oid, relation))
    }

    /// The topmost table or index from which this one has something, which every step on the way
    /// up must have too. With several parents there may be several.
    pub(super) fn topmost(&self, oid: u32, has: &impl Fn(u32) -> bool) -> Vec<u32> {
        let parents = self.parents.get(&oid).map_or(&[][..], Vec::as_slice);
        let mut top: Vec<u32> = parents
            .iter()
            .filter(|parent| has(**parent))
            .flat_map(|parent| self.topmost(*parent, has))
            .collect();
        if top.is_empty() {
            top.push(oid);
        }
        top.sort_unstable();
        top.dedup();
        top
    }

    /// All tables as the catalog lists them.
    pub(super) fn tables(&self) -> Vec<Table> {
        let mut tables: Vec<Table> =
            self.iter().map(|(oid, relation)| self.table(oid, relation)).collect();
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        tables
    }

    fn table(&self, oid: u32, relation: &Relation) -> Table {
        let inherits: Vec<TableName> = self
            .parents
            .get(&oid)
            .into_iter()
            .flatten()
            .filter_map(|parent| Some(self.get(*parent)?.name.clone()))
            .collect();
        let kind = match relation.relkind.as_str() {
            "f" => TableKind::Foreign,
            _ if relation.is_partition => TableKind::Partition,
            "p" => TableKind::Partitioned,
            _ if inherits.is_empty() => TableKind::Ordinary,
            _ => TableKind::Inheriting,
        };
        Table {
            name: relation.name.clone(),
            kind,
            columns: relation.columns.values().cloned().collect(),
            partitions: self.partitions(oid),
            inherits,
            root: self.partition_root(oid).name.clone(),
        }
    }

    /// The topmost table of a partition tree.
    fn partition_root(&self, oid: u32) -> &Relation {
        let relation = &self.by_oid[&oid];
        let parent = self.parents.get(&oid).and_then(|parents| parents.first());
        match parent.filter(|parent| relation.is_partition && self.by_oid.contains_key(*parent)) {
            Some(parent) => self.partition_root(*parent),
            None => relation,
        }
    }

    fn partitions(&self, root: u32) -> Vec<TableName> {
        let mut names: Vec<TableName> = self
            .iter()
            .filter(|(oid, relation)| relation.is_partition && self.is_below(*oid, root))
            .map(|(_, relation)| relation.name.clone())
            .collect();
        names.sort();
        names
    }

    fn is_below(&self, oid: u32, root: u32) -> bool {
        self.parents
            .get(&oid)
            .into_iter()
            .flatten()
            .any(|parent| *parent == root || self.is_below(*parent, root))
    }

    /// The table's partitions, itself included: where a row written to it may land.
    pub(super) fn landing(&self, oid: u32) -> Vec<TableName> {
        let mut names = self.partitions(oid);
        names.extend(self.get(oid).map(|relation| relation.name.clone()));
        names.sort();
        names
    }
}

impl Relation {
    /// The names of columns by their numbers; expressions (number 0) are left out.
    pub(super) fn column_names(&self, numbers: &[i16]) -> Vec<String> {
        numbers.iter().filter_map(|number| Some(self.columns.get(number)?.name.clone())).collect()
    }

    /// The columns by their numbers.
    pub(super) fn columns(&self) -> impl Iterator<Item = (i16, &Column)> {
        self.columns.iter().map(|(number, column)| (*number, column))
    }

    /// Whether the rows live in another server. The constraints of such a table are taken on
    /// trust and refuse nothing.
    pub(super) fn is_foreign(&self) -> bool {
        self.relkind == "f"
    }

    /// Whether a column of this name exists and refuses NULL.
    pub(super) fn has_not_null(&self, name: &str) -> bool {
        self.columns.values().any(|column| column.name == name && column.not_null)
    }
}

fn column(row: &Row) -> Result<Column, Error> {
    let expression: Option<String> = row.try_get("expression")?;
    let generated = match row.try_get::<_, &str>("attgenerated")? {
        "s" => expression.clone().map(Generated::Stored),
        "v" => expression.clone().map(Generated::Virtual),
        _ => None,
    };
    let identity = match row.try_get::<_, &str>("attidentity")? {
        "a" => Some(Identity::Always),
        "d" => Some(Identity::ByDefault),
        _ => None,
    };
    Ok(Column {
        name: row.try_get("attname")?,
        type_name: row.try_get("type_name")?,
        not_null: row.try_get("attnotnull")?,
        default: if generated.is_some() { None } else { expression },
        generated,
        identity,
    })
}
