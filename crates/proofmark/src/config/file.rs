//! The file as it is written.
//!
//! In: TOML. Out: [`File`], not yet checked for sense.
//!
//! **Invariant**: every key is documented in [`EXAMPLE`], which `proofmark init` writes and a test
//! parses.

use std::collections::BTreeMap;

use proofmark_pool::Format;
use proofmark_proxy::Lane;
use serde::Deserialize;

/// A complete, commented `proofmark.toml`; the reference of all keys and their defaults.
pub const EXAMPLE: &str = include_str!("example.toml");

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// What `proofmark run` runs.
    pub(super) command: Option<Vec<String>>,
    /// Where traces, reports, server logs and kept databases go.
    pub(super) output: Option<String>,
    /// How tests of the Rust library reach their databases under `proofmark run`.
    #[serde(default)]
    #[cfg_attr(any(test, feature = "schema"), schemars(with = "Option<String>"))]
    pub(super) lane: Lane,
    /// What stands between two tests: `reset`, `exact` or `clone`.
    pub(super) isolation: Option<String>,
    /// Every how many returns a database is compared completely with its template; 0 never.
    pub(super) verify_every: Option<u32>,
    /// Which server.
    #[serde(default)]
    pub(super) postgres: Postgres,
    /// The databases, by the name that the suite knows them by.
    #[serde(default)]
    pub(super) database: BTreeMap<String, Database>,
    /// Which test is speaking.
    #[serde(default)]
    pub(super) identity: Identity,
    /// What is looked at besides promises.
    #[serde(default)]
    pub(super) evidence: EvidenceWanted,
    /// Bounds and names for the checks.
    #[serde(default)]
    pub(super) findings: Findings,
    /// The rules by which a run is judged; without them it is not.
    pub(super) gate: Option<Gate>,
    /// The forms in which a run leaves its report.
    #[serde(default)]
    pub(super) report: Report,
}

/// What is looked at besides promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EvidenceWanted {
    /// Statements: calls, rows, time.
    pub statements: bool,
    /// Tables and indexes that are read.
    pub indexes: bool,
    /// The rows that a test leaves: columns, states, moves, NULLs under CHECKs.
    pub rows: bool,
}

impl Default for EvidenceWanted {
    fn default() -> Self {
        Self { statements: true, indexes: true, rows: true }
    }
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Findings {
    /// A test that holds its database for longer is slow, in milliseconds.
    pub(super) slow_test_ms: Option<u64>,
    /// A lease that takes longer to give is slow, in milliseconds.
    pub(super) slow_lease_ms: Option<u64>,
    /// Tables that are large in production: reading one whole is a finding.
    #[serde(default)]
    pub(super) large_tables: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Gate {
    /// At most so many findings that nobody has accepted.
    pub(super) new_findings: Option<u64>,
    /// Minimum percent of the promises on changed lines that were refused (`--diff`).
    pub(super) changed: Option<f64>,
    /// Seconds that the suite may take.
    pub(super) suite_s: Option<u64>,
    /// Minimum percent of the promises of a kind that were refused.
    #[serde(default)]
    pub(super) refused: Percentages,
    /// Minimum percent of the promises of a kind that were accepted.
    #[serde(default)]
    pub(super) accepted: Percentages,
}

/// Minimum percentages by kind of promise.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Percentages {
    /// CHECK constraints.
    pub(super) check: Option<f64>,
    /// UNIQUE constraints and unique indexes.
    pub(super) unique: Option<f64>,
    /// Primary keys.
    pub(super) primary_key: Option<f64>,
    /// Foreign keys.
    pub(super) foreign_key: Option<f64>,
    /// EXCLUDE constraints.
    pub(super) exclude: Option<f64>,
    /// Constraints of domains.
    pub(super) domain: Option<f64>,
    /// Constraint triggers.
    pub(super) constraint_trigger: Option<f64>,
    /// NOT NULLs of columns.
    pub(super) not_null: Option<f64>,
    /// Enums.
    #[serde(rename = "enum")]
    pub(super) enumeration: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Postgres {
    /// Major version of the private server, 14 to 18.
    pub(super) version: Option<Version>,
    /// A test server of your own instead of a private one.
    pub(super) url: Option<String>,
    /// Hosts that are test servers although they are not on this machine.
    #[serde(default)]
    pub(super) allow: Vec<String>,
    /// Settings of the private server.
    #[serde(default)]
    pub(super) settings: BTreeMap<String, Scalar>,
}

/// `version = "18"` and `version = 18` both read well.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a major version such as \"18\"")]
pub(super) enum Version {
    Number(u16),
    Text(String),
}

/// A server setting: text, number or boolean.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a text, a number or true/false")]
pub(super) enum Scalar {
    Text(String),
    Number(i64),
    Real(f64),
    Flag(bool),
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Real(number) => write!(f, "{number}"),
            Self::Flag(flag) => f.write_str(if *flag { "on" } else { "off" }),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    /// Which, beside the text.
    pub(super) formats: Option<Vec<ReportFormat>>,
}

impl Report {
    pub(super) fn formats(self) -> Vec<ReportFormat> {
        self.formats.unwrap_or_else(|| vec![ReportFormat::Html, ReportFormat::Json])
    }
}

/// A form in which `proofmark run` leaves its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// One page.
    Html,
    /// Everything as data.
    Json,
    /// JUnit XML.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// GitHub Flavored Markdown.
    Markdown,
    /// An LCOV tracefile.
    Lcov,
    /// Prometheus' text format.
    Prometheus,
    /// An SVG.
    Badge,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Database {
    /// A directory of SQL files, applied in order.
    pub(super) migrations: Option<String>,
    /// How those files are named: auto, plain, sqlx, refinery, dbmate or flyway.
    #[serde(default)]
    #[cfg_attr(any(test, feature = "schema"), schemars(with = "Option<String>"))]
    pub(super) format: Format,
    /// A command that applies the migrations instead.
    pub(super) migrate: Option<Vec<String>>,
    /// Files that decide when that command runs again.
    #[serde(default)]
    pub(super) watch: Vec<String>,
    /// SQL files that run after the migrations.
    #[serde(default)]
    pub(super) seeds: Vec<String>,
    /// What must hold after every test: a file of SQL, or a directory of them.
    pub(super) invariants: Option<String>,
    /// Tests that may leave them broken.
    #[serde(default)]
    pub(super) invariants_except: Vec<String>,
    /// The variable that gets this database's URL.
    pub(super) env: Option<String>,
    /// Columns of states that the migrations do not declare as such: `schema.table.column`.
    #[serde(default)]
    pub(super) states: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Identity {
    /// Variables of a client's process that tell one test or worker from another.
    pub(super) env: Vec<String>,
    /// How long a lease without a known process outlives its last connection, in milliseconds.
    pub(super) grace_ms: u64,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            env: [
                "PROOFMARK_TEST",
                "NEXTEST_TEST_NAME",
                "PYTEST_XDIST_WORKER",
                "JEST_WORKER_ID",
                "VITEST_POOL_ID",
                "VITEST_WORKER_ID",
                "VITEST",
                "TEST_WORKER_INDEX",
                "TEST_ENV_NUMBER",
            ]
            .map(str::to_owned)
            .to_vec(),
            grace_ms: 2_000,
        }
    }
}
