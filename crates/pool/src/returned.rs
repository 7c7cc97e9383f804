//! What a database says about itself when its lease comes back.
//!
//! **Invariant**: counts and names only, never a value of a row.

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;

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
    /// A role that the test created.
    Role(String),
    /// A role that was there before, with other attributes or settings.
    RoleChanged(String),
    /// A role that was there before and is no longer.
    RoleDropped(String),
    /// A role that was made a member of another, or is one no longer.
    Membership(String),
    /// A tablespace.
    Tablespace(String),
    /// A replication slot.
    ReplicationSlot(String),
    /// A subscription.
    Subscription(String),
    /// A setting of the server, changed by `ALTER SYSTEM`.
    ServerSetting(String),
    /// A setting of a database that is not the test's own, or of every database.
    DatabaseSetting(String),
    /// Privileges on a setting.
    ParameterPrivilege(String),
    /// One of these that this test need not have left: others ran at the same time.
    Perhaps(Box<Leftover>),
}

impl std::fmt::Display for Leftover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(name) => write!(f, "created the database `{name}`"),
            Self::PreparedTransaction(gid) => write!(f, "left the prepared transaction `{gid}`"),
            Self::OwnDatabaseDropped(name) => write!(f, "dropped its own database `{name}`"),
            Self::Role(name) => write!(f, "created the role `{name}`"),
            Self::RoleChanged(name) => write!(f, "changed the role `{name}`"),
            Self::RoleDropped(name) => write!(f, "dropped the role `{name}`"),
            Self::Membership(names) => write!(f, "changed the membership of `{names}`"),
            Self::Tablespace(name) => write!(f, "created or dropped the tablespace `{name}`"),
            Self::ReplicationSlot(name) => write!(f, "left the replication slot `{name}`"),
            Self::Subscription(name) => write!(f, "left the subscription `{name}`"),
            Self::ServerSetting(name) => write!(f, "changed `{name}` for the server"),
            Self::DatabaseSetting(whose) => write!(f, "changed settings of {whose}"),
            Self::ParameterPrivilege(name) => write!(f, "changed who may set `{name}`"),
            Self::Perhaps(left) => write!(f, "{left}, or a test did that ran at the same time"),
        }
    }
}

/// An invariant that does not hold in a returned database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenInvariant {
    /// Its name.
    pub invariant: String,
    /// What must hold, in the words of its comment.
    pub must_hold: String,
    /// The rows that its query returned, the first 20, each as `column: value, ...`; what a query
    /// returns is what its author wants to be shown.
    pub rows: Vec<String>,
    /// Whether there are more.
    pub more: bool,
    /// Why its query failed, if it did: then it is not known to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// As a person reads it: the name, what must hold, and the rows below each other.
impl std::fmt::Display for BrokenInvariant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "invariant `{}` ", self.invariant)?;
        match &self.error {
            Some(error) => write!(f, "could not be checked: {error}")?,
            None => f.write_str("is broken")?,
        }
        if !self.must_hold.is_empty() {
            write!(f, "\n  must hold: {}", self.must_hold)?;
        }
        for row in &self.rows {
            write!(f, "\n  {row}")?;
        }
        if self.more {
            f.write_str("\n  ... and more")?;
        }
        Ok(())
    }
}

/// What became of a database that came back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum How {
    /// Nothing had been written to it; it is handed on as it is.
    #[default]
    Untouched,
    /// What the test wrote was taken back.
    Undone {
        /// Tables whose rows were put back.
        tables: u32,
        /// Sequences that were set back.
        sequences: u32,
    },
    /// It was dropped and a fresh copy takes its place.
    Replaced {
        /// What could not be taken back, or why it was not tried.
        why: String,
    },
    /// It stays, because its test failed or an invariant is broken.
    Kept,
    /// It was a copy for one test only and was dropped.
    Dropped,
}

/// Something in a database that is not as in the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What differs: `table public.orders`, `sequence public.orders_id_seq`, `role app`.
    pub what: String,
    /// How it differs; never a value of a row.
    pub detail: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.detail)
    }
}

/// A finished lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The database's real name on the server.
    pub database: String,
    /// The tables that were written to, in the order of their names.
    pub written: Vec<TableWritten>,
    /// Whether the database was kept: its test failed, or an invariant is broken.
    pub kept: bool,
    /// What else the test left on the server.
    pub left: Vec<Leftover>,
    /// How many invariants were checked: those that read a table that was written to.
    pub checked: u32,
    /// Those of them that do not hold.
    pub broken: Vec<BrokenInvariant>,
    /// What became of the database.
    pub how: How,
    /// Whether it was compared completely with the template after what was written had been taken
    /// back.
    pub verified: bool,
    /// What that comparison found; a database that differs is never handed on.
    pub differs: Vec<Difference>,
    /// What else its database said.
    #[serde(default)]
    pub evidence: Evidence,
}
