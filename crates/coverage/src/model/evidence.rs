//! What was seen besides promises: statements, indexes, tables, columns.
//!
//! In: nothing; [`cover`](crate::cover) fills it. Out: plain values. Main type: [`Evidence`].
//!
//! **Invariant**: every list stands beside the word whether it was looked for at all
//! ([`Looked`]); an empty list of what was not looked for says nothing. Lists that grow with the
//! suite are bounded, and say how much is left out.

use proofmark_catalog::{PromiseId, TableName};
use proofmark_trace::TestName;
use serde::{Deserialize, Serialize};

use super::Tried;

/// Evidence of all runs.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What was looked for.
    pub looked: Looked,
    /// Per database, what its tables, columns and indexes saw.
    pub databases: Vec<DatabaseEvidence>,
    /// Statements by their shape, those that took the most time first; at most
    /// [`Evidence::STATEMENTS_MAX`].
    pub statements: Vec<StatementEvidence>,
    /// Calls of statements that are not in that list.
    pub statements_left_out: u64,
    /// One statement many times in a row within one test, the longest first; at most
    /// [`Evidence::TESTS_MAX`].
    pub repeated: Vec<Repeated>,
    /// Statements that failed in tests that did not, the most frequent first; at most
    /// [`Evidence::STATEMENTS_MAX`].
    pub failed: Vec<FailedStatement>,
    /// Tests that left something open, by name; at most [`Evidence::TESTS_MAX`].
    pub left_open: Vec<LeftOpen>,
    /// Connections that were given the address of the database itself: what they sent was not
    /// seen, so that the lists of statements are not complete.
    pub direct_leases: u64,
}

impl Evidence {
    /// Statements that are listed.
    pub const STATEMENTS_MAX: usize = 1_000;
    /// Tests that are listed for one reason.
    pub const TESTS_MAX: usize = 1_000;
}

/// What was looked for; in a merged trace, by any of the runs.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Statements and what they returned.
    pub statements: bool,
    /// Tables and indexes that were read.
    pub indexes: bool,
    /// Rows as a test left them: columns, NULLs under CHECKs, states.
    pub rows: bool,
    /// Clauses of CHECKs, by counters in copies (deep mode).
    pub deep: bool,
    /// Actions of foreign keys, by the server's own count of statements (deep mode).
    #[serde(default)]
    pub actions: bool,
    /// Leases that came back and said nothing although others did: their test had dropped the
    /// database, or the server did not answer. What they did is in no list.
    #[serde(default)]
    pub unknown_leases: u64,
}

/// What the tables of one database saw.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, Eq)]
pub struct DatabaseEvidence {
    /// The name a test asks for, such as `shop`.
    pub database: String,
    /// Every table that holds rows (of a partitioned one, the whole), by name.
    pub tables: Vec<TableEvidence>,
    /// Every index, by table and name.
    pub indexes: Vec<IndexEvidence>,
    /// CHECKs with what the accepted rows meant to them; only those that can be unknown (NULL).
    pub checks: Vec<CheckEvidence>,
    /// Clauses of CHECKs, as deep mode counted them.
    pub clauses: Vec<ClauseEvidence>,
    /// CHECKs whose clauses deep mode could not count.
    #[serde(default)]
    pub clauses_left_out: Vec<PromiseId>,
    /// Actions of foreign keys, as deep mode counted them.
    pub actions: Vec<ActionEvidence>,
}

/// What a table saw.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct TableEvidence {
    /// Its name.
    pub table: TableName,
    /// Rows inserted, updated or deleted by tests, committed or not.
    pub written: Tried,
    /// Reads of the whole table; `times` counts the reads.
    pub sequential: Tried,
    /// Rows that those reads went through.
    pub sequential_rows: u64,
    /// Its columns, in their order.
    pub columns: Vec<ColumnEvidence>,
}

/// What a column saw.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct ColumnEvidence {
    /// Its name.
    pub column: String,
    /// Leases and tests that left a row in it with something else than NULL and than its default.
    /// A value that was overwritten, deleted or rolled back before the test ended is not seen.
    pub written: Tried,
    /// Whether that can be known: not for a column that the server fills, nor for one whose
    /// default is another value each time.
    pub knowable: bool,
}

/// What an index saw.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct IndexEvidence {
    /// Its table.
    pub table: TableName,
    /// Its name.
    pub index: String,
    /// Whether it also guards a promise (primary key, unique, exclusion), for which it is needed
    /// even if nothing is looked up by it.
    pub guards: bool,
    /// Look-ups by it, those of foreign keys included; `times` counts leases.
    pub used: Tried,
}

/// What the rows that a CHECK let pass meant to it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct CheckEvidence {
    /// The CHECK.
    pub promise: PromiseId,
    /// Leases and tests that left a row for which it is true.
    pub as_true: Tried,
    /// Leases and tests that left a row for which it is unknown, because of a NULL.
    pub as_null: Tried,
}

/// A clause of a CHECK: one of the conditions that AND, OR and NOT connect in it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct ClauseEvidence {
    /// The CHECK.
    pub promise: PromiseId,
    /// The clause as the server prints it.
    pub clause: String,
    /// Evaluations that were true.
    pub as_true: Tried,
    /// Evaluations that were false.
    pub as_false: Tried,
    /// Evaluations that were unknown (NULL).
    pub as_null: Tried,
    /// Evaluations with both sides equal: at the bound. `None` if the clause has no bound.
    pub at_bound: Option<Tried>,
}

/// What a foreign key did when the row that it refers to was deleted or its key changed.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct ActionEvidence {
    /// The foreign key.
    pub promise: PromiseId,
    /// What happened to the row referred to.
    pub on: ActionOn,
    /// What the key does then, as SQL says it: `CASCADE`, `SET NULL`.
    pub action: String,
    /// Times the server went to do it; `times` counts calls, whether or not there was a row.
    pub asked: Tried,
    /// Rows that it was done to.
    pub rows: u64,
}

/// What happens to a row that is referred to.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum ActionOn {
    /// It is deleted.
    Delete,
    /// Its key changes.
    Update,
}

/// A statement by its shape.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct StatementEvidence {
    /// The database.
    pub database: String,
    /// The text with `?` for every literal.
    pub shape: String,
    /// Executions, and the tests of them.
    pub calls: Tried,
    /// Rows returned or changed, as the server's command tags say.
    pub rows: u64,
    /// Time from sending to the end of the answer, as the proxy saw it, in microseconds.
    pub elapsed_us: u64,
    /// Executions that ended in an error.
    pub failed: u64,
    /// Executions that returned or changed no row.
    pub without_rows: u64,
    /// For `ON CONFLICT`: whether it has one, and how often the conflict is known to have come.
    pub on_conflict: Option<OnConflict>,
}

/// What is known about the conflicts of an `INSERT ... ON CONFLICT`.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnConflict {
    /// Whether the command tag tells a conflict: `DO NOTHING` behind `VALUES` does, because fewer
    /// rows are inserted than were given. `DO UPDATE` reports an updated row as an inserted one.
    pub knowable: bool,
    /// Executions in which it came.
    pub taken: u64,
}

/// One statement, many times in a row, for one row each time: a loop that a join would replace.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// The database.
    pub database: String,
    /// The test.
    pub test: TestName,
    /// The text with `?` for every literal.
    pub shape: String,
    /// How often, one after the other on one connection.
    pub in_a_row: u64,
    /// How long all calls of it took in that test, in microseconds.
    pub elapsed_us: u64,
}

/// A statement that failed although its test did not.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct FailedStatement {
    /// The database.
    pub database: String,
    /// The server's five-character code.
    pub sqlstate: String,
    /// The promise that refused, where the error names one.
    pub promise: Option<PromiseId>,
    /// The text with `?` for every literal.
    pub shape: String,
    /// How often, and in which tests.
    pub tried: Tried,
}

/// What a test left open when it gave its database back.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct LeftOpen {
    /// The database.
    pub database: String,
    /// The test.
    pub test: TestName,
    /// Connections that ended inside of a transaction.
    pub transactions: u64,
    /// Connections that were open when the test gave its database back itself, and which the
    /// proxy closed. Not known where the database goes back with the process that held it.
    pub connections: u64,
}
