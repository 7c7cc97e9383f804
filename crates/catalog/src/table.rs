//! Tables, columns, domains and enums, as far as a test or a report asks about them.
//!
//! In: what the readers found. Out: plain values. Main type: [`Table`].
//!
//! **Invariant**: only what the user's migrations made; nothing of the system, of an extension,
//! or of the tool that applied the migrations.

use serde::{Deserialize, Serialize};

use crate::name::TableName;

/// A table, partitions and inheriting tables included.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// Its place in a partition or inheritance tree.
    pub kind: TableKind,
    /// Its columns in the order in which the server prints a row.
    pub columns: Vec<Column>,
    /// All partitions below it, on every level.
    pub partitions: Vec<TableName>,
    /// The direct parents of a partition or of an inheriting table.
    pub inherits: Vec<TableName>,
    /// The topmost table of its partition tree; itself where it is not a partition.
    pub root: TableName,
}

/// A table's place in a partition or inheritance tree.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum TableKind {
    /// Holds rows of its own and is nobody's partition.
    Ordinary,
    /// Holds rows in its partitions only, and is not a partition itself.
    Partitioned,
    /// A partition of another table (which may be partitioned further).
    Partition,
    /// `INHERITS` another table and holds rows of its own.
    Inheriting,
    /// Lives in another server.
    Foreign,
}

/// A column.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as SQL, qualified, with its modifiers (`numeric(12,2)`, `public.email`).
    pub type_name: String,
    /// Whether a NULL is refused by the column itself.
    pub not_null: bool,
    /// Whether and how the server computes it.
    pub generated: Option<Generated>,
    /// Whether the server numbers it.
    pub identity: Option<Identity>,
    /// The default, where there is one and the column is not generated.
    pub default: Option<String>,
}

/// A column that the server computes from the others.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Generated {
    /// Computed when the row is written.
    Stored(String),
    /// Computed when the row is read (18).
    Virtual(String),
}

/// A column that the server numbers.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// A value given by the client is refused.
    Always,
    /// A value given by the client is taken.
    ByDefault,
}

/// A domain and where it is used.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: TableName,
    /// The type below it, which may be a domain again.
    pub base_type: String,
    /// Whether it refuses NULL.
    pub not_null: bool,
    /// Columns that hold it, also inside of another domain, an array, a composite or a range.
    pub used_by: Vec<ColumnUse>,
}

/// An enum and where it is used.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct EnumType {
    /// Its name.
    pub name: TableName,
    /// Its labels in their order.
    pub labels: Vec<String>,
    /// Columns that hold it, also inside of another type.
    pub used_by: Vec<ColumnUse>,
}

/// A column that holds a type.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnUse {
    /// The table, which may be a partition.
    pub table: TableName,
    /// The column.
    pub column: String,
}

/// An index, those behind keys and constraints included.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its table; of a partition's index, the partition.
    pub table: TableName,
    /// Its name, in the schema of its table.
    pub name: String,
    /// Whether it guards a promise: a key, uniqueness, an exclusion.
    pub guards: bool,
    /// The index of the parent that it is a part of.
    pub part_of: Option<TableName>,
}
