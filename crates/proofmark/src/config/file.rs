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
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) command: Option<Vec<String>>,
    pub(super) output: Option<String>,
    #[serde(default)]
    pub(super) lane: Lane,
    pub(super) isolation: Option<String>,
    pub(super) verify_every: Option<u32>,
    #[serde(default)]
    pub(super) postgres: Postgres,
    #[serde(default)]
    pub(super) database: BTreeMap<String, Database>,
    #[serde(default)]
    pub(super) identity: Identity,
    #[serde(default)]
    pub(super) report: Report,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Postgres {
    pub(super) version: Option<Version>,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) allow: Vec<String>,
    #[serde(default)]
    pub(super) settings: BTreeMap<String, Scalar>,
}

/// `version = "18"` and `version = 18` both read well.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a major version such as \"18\"")]
pub(super) enum Version {
    Number(u16),
    Text(String),
}

/// A server setting: text, number or boolean.
#[derive(Debug, Clone, Deserialize)]
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
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    pub(super) formats: Option<Vec<ReportFormat>>,
}

/// A form in which `proofmark run` leaves its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
#[serde(deny_unknown_fields)]
pub(super) struct Database {
    pub(super) migrations: Option<String>,
    #[serde(default)]
    pub(super) format: Format,
    pub(super) migrate: Option<Vec<String>>,
    #[serde(default)]
    pub(super) watch: Vec<String>,
    #[serde(default)]
    pub(super) seeds: Vec<String>,
    pub(super) invariants: Option<String>,
    #[serde(default)]
    pub(super) invariants_except: Vec<String>,
    pub(super) env: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Identity {
    pub(super) env: Vec<String>,
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
