//! What a database says about itself when its lease comes back.
//!
//! **Invariant**: counts and names only, never a value of a row.

use serde::{Deserialize, Serialize};

/// Rows written to one table during a lease.
///
/// The counters are PostgreSQL's own (`pg_stat_user_tables`): `inserted` and `updated` include
/// rows of transactions that were rolled back and rows that a unique index then refused, but not
/// rows that a CHECK or NOT NULL refused. `live` is what was left of them by commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableWritten {
    /// Schema of the table.
    pub schema: String,
    /// Table; of a partitioned one, the partition.
    pub table: String,
    /// Rows inserted, committed or not.
    pub inserted: i64,
    /// Rows updated, committed or not.
    pub updated: i64,
    /// Rows deleted, committed or not.
    pub deleted: i64,
    /// Change of the number of rows: committed inserts less committed deletes.
    pub live: i64,
}

/// Something a test left that its own database does not contain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "name")]
pub enum Leftover {
    /// A database that the test created on the server.
    Database(String),
    /// A transaction prepared and never finished.
    PreparedTransaction(String),
    /// The test dropped the database that it was given.
    OwnDatabaseDropped(String),
}

impl std::fmt::Display for Leftover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(name) => write!(f, "created the database `{name}`"),
            Self::PreparedTransaction(gid) => write!(f, "left the prepared transaction `{gid}`"),
            Self::OwnDatabaseDropped(name) => write!(f, "dropped its own database `{name}`"),
        }
    }
}

/// A finished lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The database's real name on the server.
    pub database: String,
    /// The tables that were written to, in the order of their names.
    pub written: Vec<TableWritten>,
    /// Whether the database was kept because its test failed.
    pub kept: bool,
    /// What else the test left on the server.
    pub left: Vec<Leftover>,
}
