//! The report as data: what every renderer shows and the JSON output contains.
//!
//! In: nothing; [`Report::from`](crate::Report::from) fills it. Out: plain values with their JSON
//! Schema. Main type: [`Report`].
//!
//! **Invariant:** a renderer needs nothing but this. Names are as the database has them (no
//! escaping, no cutting), numbers are counts with what they are counts of beside them.

mod held;
mod isolation;
mod source;
mod states;

use proofmark_findings::{Finding, Kind, State, Tried, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use held::Held;
pub use isolation::{Differed, Isolation, IsolationInUse, ReplacedBecause};
pub use source::Source;
pub use states::{Move, MovesSeen, StateColumn, StateSeen};

/// What [`Report::schema`] says.
pub const SCHEMA: &str = "proofmark-report";

/// What [`Report::version`] says. It rises when a field changes its meaning or goes away.
pub const VERSION: u32 = 2;

/// What is known after one run of a suite, or after several that were merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `proofmark-report`.
    pub schema: String,
    /// Version of this format.
    pub version: u32,
    /// How the run ended, in one word.
    pub outcome: Outcome,
    /// What was run.
    pub run: RunFacts,
    /// The databases that were handed out.
    pub leases: Leases,
    /// What was tried, per kind of promise, in a fixed order; only kinds that the schema has.
    pub figures: Vec<Figure>,
    /// What must hold although no constraint says it, and how often that was checked.
    pub invariants: Invariants,
    /// What became of the databases that came back.
    pub isolation: Isolation,
    /// What the checks found, the worst first; accepted ones among them.
    pub findings: Vec<Finding>,
    /// What the configured rules say of it.
    pub verdict: Verdict,
    /// Accepted findings that this run does not have, by id: `proofmark review --prune` removes
    /// them.
    pub gone: Vec<String>,
    /// Every promise, grouped by the table, domain or enum that declares it.
    pub listing: Vec<Owner>,
    /// Refusals that name no promise, the most frequent first.
    pub unattributed: Vec<Unattributed>,
    /// Databases of failed tests that were kept.
    pub kept: Vec<Kept>,
    /// What tests did outside their own database, or left open.
    pub left: Vec<LeftBehind>,
    /// Every lease, in the order in which they were given, run after run.
    #[serde(default)]
    pub held: Vec<Held>,
    /// The state columns and what was tried of their moves, by database and address.
    #[serde(default)]
    pub states: Vec<StateColumn>,
    /// The migrations, so that every promise can be shown where it is declared.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// What a reader must know before trusting the numbers, each a sentence.
    pub notes: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The suite passed and something was observed.
    Passed,
    /// The suite passed, but left a database in which an invariant does not hold.
    InvariantBroken,
    /// The suite passed, but a database that came back was not made equal to its template.
    NotIsolated,
    /// The suite itself failed, or was ended by a signal.
    SuiteFailed,
    /// No statement went through the proxy, so nothing is known about any promise.
    NothingObserved,
    /// The trace ends before the suite did.
    CutOff,
}

/// The invariants of all databases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invariants {
    /// How many are declared.
    pub declared: u64,
    /// How often one was checked: when a database came back in which a table that it reads had
    /// been written to.
    pub checked: u64,
    /// Tests that may leave them broken, by name or pattern.
    pub except: Vec<String>,
    /// Those that did not hold, in the order in which the databases came back.
    pub broken: Vec<BrokenInvariant>,
}

/// An invariant that did not hold after a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BrokenInvariant {
    /// The test.
    pub test: String,
    /// The database, as `proofmark.toml` calls it.
    pub database: String,
    /// The invariant's name.
    pub invariant: String,
    /// What must hold.
    pub must_hold: String,
    /// What its query returned, a text per row, the first 20.
    pub rows: Vec<String>,
    /// Whether there are more rows.
    pub more: bool,
    /// Why it could not be checked, where that is so.
    pub error: Option<String>,
}

/// What was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunFacts {
    /// The ids of the runs; more than one after a merge.
    pub ids: Vec<String>,
    /// Version of the proofmark that wrote the trace.
    pub proofmark: String,
    /// When the first run started, in milliseconds since 1970-01-01T00:00:00Z.
    pub started_at_unix_ms: u64,
    /// The command line, passwords taken out.
    pub command: String,
    /// The command's exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended the command.
    pub signal: Option<i32>,
    /// The command's wall time in milliseconds; after a merge, the longest.
    pub command_ms: u64,
    /// Version of the server, `15.14`.
    pub server_version: String,
    /// Where the server came from.
    pub server_origin: String,
    /// The databases a test could ask for.
    pub databases: Vec<DatabaseFacts>,
}

/// A database a test could ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DatabaseFacts {
    /// Its name.
    pub name: String,
    /// The content hash of its template.
    pub template: String,
    /// Whether the template was there from an earlier run.
    pub reused: bool,
    /// How long it took to build or find the template, in milliseconds.
    pub ready_ms: u64,
}

/// The databases that were handed out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Leases {
    /// How many.
    pub count: u64,
    /// How many tests or workers they were given to, by what they were recognised by.
    pub recognised_by: Vec<RecognisedBy>,
    /// Statements that went through the proxy.
    pub statements: u64,
    /// Sessions (connections) of tests.
    pub sessions: u64,
    /// Median time from asking to having, in microseconds.
    pub median_us: u64,
    /// The slowest, at most ten, slowest first.
    pub slowest: Vec<SlowLease>,
    /// Connections that were refused, by reason.
    pub turned_away: Vec<TurnedAway>,
}

/// By what the proxy recognised the holders of leases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecognisedBy {
    /// Which means.
    pub means: Means,
    /// How many leases.
    pub leases: u64,
}

/// By what the proxy recognised the holder of a lease.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// The test named itself: in the database name, in the connection's options, or on the
    /// console. One lease per test.
    Named,
    /// The runner names the test in the environment of its process. One lease per test.
    TestEnvironment,
    /// The runner names the worker in the environment. One lease for all tests of a worker.
    WorkerEnvironment,
    /// The process that connected. One lease for all tests of that process.
    Process,
    /// Nothing told them apart. One lease for all.
    Unknown,
}

/// A lease that took long to give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlowLease {
    /// Who waited.
    pub test: String,
    /// How long, in microseconds.
    pub wait_us: u64,
}

/// Connections the proxy did not let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnedAway {
    /// Why.
    pub reason: String,
    /// How often.
    pub times: u64,
}

/// What was tried of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// Which kind.
    pub kind: Kind,
    /// How many promises of it the schema makes: what the others are counts of.
    pub promises: u64,
    /// Refused at least once, by name.
    pub refused: u64,
    /// Accepted at least once.
    pub accepted: u64,
    /// Never tried at all.
    pub never: u64,
}

/// A table, domain or enum with its promises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// The database it is in.
    pub database: String,
    /// Its name, `schema.name`.
    pub name: String,
    /// Its promises, by name.
    pub promises: Vec<Promise>,
}

/// A promise and what was tried of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Promise {
    /// Its address.
    pub id: String,
    /// Its own name, or its column where it has no name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Its declaration as the server prints it.
    pub definition: String,
    /// Where it is declared: `path:line`.
    pub declared_at: Option<String>,
    /// What was tried, in one word.
    pub state: State,
    /// Refusals by its name.
    pub refused: Tried,
    /// Rows that were accepted by it.
    pub accepted: Tried,
    /// Rows that broke it, but were refused by another promise.
    pub masked: Tried,
    /// Of a CHECK, what became of its clauses: the conditions that AND, OR and NOT connect in it.
    /// Only of a run in deep mode.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<Clause>,
}

/// A clause of a CHECK, and the tests in which it was evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clause {
    /// The clause as the server prints it.
    pub text: String,
    /// It was true.
    pub as_true: Tried,
    /// It was false.
    pub as_false: Tried,
    /// It was unknown, because of a NULL.
    pub as_null: Tried,
    /// Both its sides were equal; none where it has no bound.
    pub at_bound: Option<Tried>,
}

/// Refusals that name no promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unattributed {
    /// The SQLSTATE.
    pub sqlstate: String,
    /// Why it is not counted for a promise, a sentence without a full stop.
    pub why: String,
    /// How often it came.
    pub times: u64,
    /// A statement that was refused, literals taken out.
    pub statement: Option<String>,
    /// A test that met it.
    pub test: Option<String>,
}

/// A kept database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// The test that failed.
    pub test: String,
    /// The database's real name, for `proofmark psql`.
    pub database: String,
}

/// Something a test did outside its own database, or left open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftBehind {
    /// The test.
    pub test: String,
    /// What it did, to be read after the test's name: `created the database "x"`.
    pub what: String,
}

impl Report {
    /// The findings about promises that were not tried, the worst first, accepted ones among them.
    pub fn gaps(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_gap())
    }

    /// The figures of all kinds that count in the summary, added up, without a kind.
    pub fn total(&self) -> Total {
        let counted = self.figures.iter().filter(|figure| figure.kind.counts());
        counted.fold(Total::default(), |sum, figure| Total {
            promises: sum.promises + figure.promises,
            refused: sum.refused + figure.refused,
            accepted: sum.accepted + figure.accepted,
        })
    }
}

/// Sums over the kinds that count in the summary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// Promises of the schema.
    pub promises: u64,
    /// Refused at least once.
    pub refused: u64,
    /// Accepted at least once.
    pub accepted: u64,
}
