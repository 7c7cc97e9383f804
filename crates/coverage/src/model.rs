//! The coverage as data.
//!
//! In: nothing; [`cover`](crate::cover) fills it. Out: plain values. Main type: [`Coverage`].
//!
//! **Invariant**: every count stands beside what it is a count of, and nothing is rounded.

use proofmark_catalog::{PromiseId, Why};
use proofmark_trace::TestName;
use serde::{Deserialize, Serialize};

use crate::kind::Kind;

mod evidence;
mod transitions;

pub use evidence::{
    ActionEvidence, ActionOn, CheckEvidence, ClauseEvidence, ColumnEvidence, DatabaseEvidence,
    Evidence, FailedStatement, IndexEvidence, LeftOpen, Looked, OnConflict, Repeated,
    StatementEvidence, TableEvidence,
};
pub use transitions::{MoveCoverage, MovesSeen, StateCoverage, StateStored};

/// What was tried of every promise of every database.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// One for each database a test could ask for, by name.
    pub databases: Vec<DatabaseCoverage>,
    /// Refusals that name no promise, the most frequent first.
    pub unattributed: Vec<Unattributed>,
    /// How much there was to see.
    pub observed: Observed,
    /// What was seen besides promises.
    #[serde(default)]
    pub evidence: Evidence,
}

/// What was tried of the promises of one database.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct DatabaseCoverage {
    /// The name a test asks for, such as `shop`.
    pub database: String,
    /// Every promise that can be tried, by the name of its owner and then by address.
    pub promises: Vec<PromiseCoverage>,
    /// Promises that are in no count.
    pub left_out: Vec<LeftOut>,
    /// The counts of each group that the database has, in the order of [`Kind::ALL`].
    pub summaries: Vec<Summary>,
    /// Its state columns, by address.
    #[serde(default)]
    pub transitions: Vec<StateCoverage>,
}

/// What was tried of one promise.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct PromiseCoverage {
    /// Its address.
    pub promise: PromiseId,
    /// Its group.
    pub group: Kind,
    /// What was tried, in one word.
    pub state: State,
    /// Refusals by its name.
    pub refused: Tried,
    /// Rows that it let pass.
    pub accepted: Tried,
    /// Rows that violated it but were refused by another promise.
    pub masked: Tried,
    /// The promises that refused those rows.
    pub masked_by: Vec<PromiseId>,
}

/// What was tried of a promise, in one word.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Refused at least once by name, and accepted at least once.
    RefusedAndAccepted,
    /// Refused by name, never seen accepted.
    RefusedOnly,
    /// Accepted, never refused.
    AcceptedOnly,
    /// Violated, but another promise refused; never refused by its own name. Rows may have been
    /// accepted.
    Masked,
    /// Neither refused nor accepted nor masked.
    Never,
}

/// How often, and by which tests.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    /// Errors (refused), or rows (accepted, masked).
    pub times: u64,
    /// The tests.
    pub tests: Tests,
}

/// Tests, of which only some are named.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, Eq)]
pub struct Tests {
    /// How many different ones.
    pub total: u64,
    /// The first by name, at most [`Tests::NAMED_MAX`].
    pub named: Vec<TestName>,
}

impl Tests {
    /// How many are named.
    pub const NAMED_MAX: usize = 10;
}

/// A promise that is in no count.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its address.
    pub promise: PromiseId,
    /// Its group.
    pub group: Kind,
    /// Why it is left out.
    pub why: WhyLeftOut,
}

/// Why a promise is in no count.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum WhyLeftOut {
    /// NOT ENFORCED, or a disabled trigger: it can refuse nothing.
    NotEnforced,
    /// The NOT NULL of a primary key's column: the key says it too.
    ImpliedByPrimaryKey,
}

/// The counts of one group.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The group.
    pub group: Kind,
    /// How many promises: what the others are counts of.
    pub total: u64,
    /// Refused at least once by name, accepted or not.
    pub refused: u64,
    /// Accepted at least once, refused or not.
    pub accepted: u64,
    /// Refused and accepted.
    pub both: u64,
    /// In the state [`State::Masked`].
    pub masked: u64,
    /// In the state [`State::Never`].
    pub never: u64,
}

/// Refusals that name no promise.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Unattributed {
    /// The database.
    pub database: Option<String>,
    /// The server's five-character code.
    pub sqlstate: String,
    /// Why no promise counts.
    pub reason: Reason,
    /// What the error did name, such as the constraint of a table that the test made itself.
    pub named: Option<String>,
    /// How often, and in which tests.
    pub tried: Tried,
    /// The shape of one of the statements.
    pub statement: Option<String>,
}

/// Why a refusal counts for no promise.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The error names none.
    Error(Why),
    /// The trace does not say to which database the lease belongs.
    UnknownLease,
    /// The trace has no catalog of the database.
    NoCatalog,
}

impl Reason {
    /// The reason as a sentence fragment for a report.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Error(why) => why.reason(),
            Self::UnknownLease => "the trace has lost which database it was",
            Self::NoCatalog => "the trace has no catalog of the database",
        }
    }
}

/// How much there was to see.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// Leases that were given.
    pub leases: u64,
    /// Leases of which it is known what was written.
    pub returned: u64,
    /// Statements of the sessions that ended.
    pub statements: u64,
    /// Errors that count for a promise.
    pub attributed: u64,
    /// Refusals that count for none.
    pub unattributed: u64,
    /// Errors that are no refusals: syntax, privileges, conflicts of transactions.
    pub other_errors: u64,
    /// Rows that were inserted, updated or deleted.
    pub rows: u64,
}

impl Coverage {
    /// Whether there was nothing to see: no statement, no error, no row. A coverage of nothing
    /// says nothing about any promise, and must not be read as one without gaps.
    pub fn observed_nothing(&self) -> bool {
        let Observed { statements, attributed, unattributed, other_errors, rows, .. } =
            self.observed;
        statements + attributed + unattributed + other_errors + rows == 0
    }

    /// The coverage of a database.
    pub fn database(&self, name: &str) -> Option<&DatabaseCoverage> {
        self.databases.iter().find(|covered| covered.database == name)
    }

    /// The counts of each group over all databases, in the order of [`Kind::ALL`].
    pub fn summaries(&self) -> Vec<Summary> {
        Kind::ALL
            .into_iter()
            .filter_map(|group| {
                self.databases
                    .iter()
                    .flat_map(|covered| &covered.summaries)
                    .filter(|summary| summary.group == group)
                    .copied()
                    .reduce(Summary::plus)
            })
            .collect()
    }
}

impl DatabaseCoverage {
    /// What was tried of a promise; `None` if it is left out or unknown.
    pub fn promise(&self, id: &PromiseId) -> Option<&PromiseCoverage> {
        self.promises.iter().find(|covered| covered.promise == *id)
    }
}
