//! State columns: columns whose values are states, and the moves that are allowed between them.
//!
//! In: enums, CHECKs with a list of values, foreign keys onto a small table of states. Out: one
//! value per column. Main type: [`StateColumn`].
//!
//! **Invariant**: a state column is read from declarations, never from the rows that use it.

use serde::{Deserialize, Serialize};

use crate::name::{PromiseId, TableName};

/// A column that holds a state.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct StateColumn {
    /// Its table.
    pub table: TableName,
    /// Its name.
    pub column: String,
    /// The states, in their declared order (a table of states: in the order of its key).
    pub states: Vec<String>,
    /// What says which states there are.
    pub from: StateSource,
    /// The allowed moves, where a table holds them.
    pub transitions: Option<Transitions>,
}

/// What says which states there are.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum StateSource {
    /// The column's enum.
    Enum(TableName),
    /// A CHECK with a list of values.
    Check(PromiseId),
    /// The foreign key onto a table of states.
    Table(TableName),
    /// `states` in `proofmark.toml`. The declarations do not say which states there are.
    Named,
}

/// A table of allowed moves: a key of two columns, from and to, that a history refers to.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Transitions {
    /// The table that holds them.
    pub table: TableName,
    /// The moves, from and to, in the order of the key.
    pub moves: Vec<(String, String)>,
    /// Tables whose rows are moves that were made: each refers to this table by a foreign key.
    #[serde(default)]
    pub histories: Vec<History>,
}

/// A table in which the application keeps the moves that were made.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The table.
    pub table: TableName,
    /// Its column for the state before.
    pub from: String,
    /// Its column for the state after.
    pub to: String,
    /// The foreign key that refuses a move which is not allowed.
    pub promise: PromiseId,
}
