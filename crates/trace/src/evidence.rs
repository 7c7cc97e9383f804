//! What a lease is known to have done besides what counts for a promise.
//!
//! In: what the proxy saw of its statements, and what its database answered. Out:
//! [`LeaseEvidence`], one per lease, and [`StatementText`], one per shape and run.
//!
//! **Invariant:** counts, names and shapes. The only values are states: of columns whose states
//! the schema declares, or that the configuration names.

use proofmark_catalog::PromiseId;
use proofmark_pool::Scans;
use proofmark_proxy::LeaseId;
use serde::{Deserialize, Serialize};

use crate::Names;

/// A statement's shape, under a number that the leases of the run refer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementText {
    /// Its number, unique within the run.
    pub statement: u32,
    /// The text with `?` for every literal.
    pub shape: String,
}

/// What one lease did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseEvidence {
    /// The lease, unique within the run.
    pub lease: LeaseId,
    /// Statements, those that took the most time, were called most or failed; none: they were not
    /// looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statements: Option<Vec<StatementCalls>>,
    /// Calls of statements that are not in the list.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub statements_left_out: u64,
    /// Sessions that ended with a transaction open.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub open_transactions: u64,
    /// Sessions that were open when the test gave its lease back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub open_sessions: u64,
    /// Tables and indexes that were read; none: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scans: Option<Scans>,
    /// What the rows say that it left, per table that was written to; none: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<RowsLeft>>,
    /// Moves that a foreign key refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_moves: Vec<RefusedMove>,
    /// What the counters of a copy say (deep mode); none: there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deep: Option<Deep>,
}

/// All executions of one statement in one lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementCalls {
    /// Its number; [`StatementText`] has its shape.
    pub statement: u32,
    /// Executions, also those that failed.
    pub calls: u64,
    /// Rows that the command tags tell.
    pub rows: u64,
    /// Time between the client's message and the end of the answer, in microseconds.
    pub us: u64,
    /// Executions that ended in an error.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: u64,
    /// Executions whose command tag tells of no row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub without_rows: u64,
    /// Queries for at most one row, the most in a row on one connection.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub in_a_row: u64,
}

/// What the new and changed rows of one table say together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsLeft {
    /// Schema of the table.
    pub schema: String,
    /// The table, which may be a partition.
    pub table: String,
    /// Columns in which one of them holds something that is neither NULL nor the default.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub columns: Names,
    /// States that are stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<StatesLeft>,
    /// Moves that the rows of a history say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<MovesLeft>,
    /// What CHECKs over columns that may be NULL make of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckLeft>,
}

/// The states in one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatesLeft {
    /// The address of the column, `public.order.state`.
    pub column: String,
    /// The states.
    pub states: Vec<String>,
}

/// The moves in one history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovesLeft {
    /// The foreign key onto the allowed moves.
    pub promise: PromiseId,
    /// From and to.
    pub moves: Vec<(String, String)>,
}

/// What a CHECK makes of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckLeft {
    /// The CHECK.
    pub promise: PromiseId,
    /// Rows for which it is true.
    pub as_true: u64,
    /// Rows for which it is unknown.
    pub as_null: u64,
}

/// A move that is not allowed and was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedMove {
    /// The foreign key that refused it.
    pub promise: PromiseId,
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// How often.
    pub times: u64,
}

/// What the counters of a copy say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deep {
    /// Clauses of CHECKs that were evaluated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<ClauseSeen>,
    /// CHECKs whose clauses are not counted, because the server refused to declare them so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<PromiseId>,
    /// Foreign keys whose action ran; none: that was not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<ActionSeen>>,
}

/// What became of a clause. Counters say that something happened, not how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a cell of its own")]
pub struct ClauseSeen {
    /// The CHECK.
    pub promise: PromiseId,
    /// Which of its clauses, counted from 0 as they are written.
    pub clause: u32,
    /// It was true.
    #[serde(default)]
    pub as_true: bool,
    /// It was false.
    #[serde(default)]
    pub as_false: bool,
    /// It was unknown.
    #[serde(default)]
    pub as_null: bool,
    /// Both its sides were equal.
    #[serde(default)]
    pub at_bound: bool,
}

/// The action of a foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionSeen {
    /// The foreign key.
    pub promise: PromiseId,
    /// Whether the row referred to was deleted; otherwise its key was changed.
    pub on_delete: bool,
    /// How often the server went to look.
    pub calls: u64,
    /// Rows that it was done to.
    pub rows: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
