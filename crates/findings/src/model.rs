//! Findings and verdicts as data.
//!
//! In: nothing; the checks and the gate fill them. Out: plain values with their JSON Schema. Main
//! type: [`Finding`].
//!
//! **Invariant:** names are as the database has them (no escaping, no cutting); whoever shows them
//! makes them safe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Kind;

/// What a check reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Its address, the same in every run: check, database and subject, such as
    /// `never-refused:shop:public.payment.refunded_within_captured`.
    pub id: String,
    /// The check that reports it, such as `never-refused`.
    pub check: String,
    /// How bad it is.
    pub severity: Severity,
    /// The database it is in; none where it is about the run.
    pub database: Option<String>,
    /// What it is about: a promise's address, a table, a transition
    /// (`public.orders.state: placed -> paid`), a test.
    pub subject: String,
    /// The kind of the promise, where it is about one.
    pub kind: Option<Kind>,
    /// The table, domain or enum that declares the subject; else the subject's own owner.
    pub owner: String,
    /// The subject's own name, or its column's.
    pub name: String,
    /// What is the matter, in a sentence without a full stop.
    pub title: String,
    /// What is known about it, a few words to stand beside its declaration.
    pub label: String,
    /// Where it is declared, if a migration of the run declares it.
    pub declared: Option<Excerpt>,
    /// What else is known, each a sentence without a full stop.
    pub notes: Vec<String>,
    /// Tests that have to do with it, at most ten.
    pub tests: Vec<String>,
    /// A statement to try.
    pub suggestion: Option<Suggestion>,
    /// The command that accepts it.
    pub accept: String,
    /// Why it was accepted earlier, so that it does not count.
    pub accepted: Option<Acceptance>,
}

/// How bad a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something is wrong: data that must not be there, a run that says nothing.
    Error,
    /// Something that nobody would notice if it broke.
    Warning,
    /// Worth to know. Does not count as a new finding for the gate.
    Note,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Acceptance {
    /// The reason that was given.
    pub reason: String,
    /// The last day on which it holds, `2026-12-31`; none for good.
    pub until: Option<String>,
}

/// What the configured rules say of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Whether every rule holds. Without rules it does.
    pub passed: bool,
    /// The rules, in the order of the configuration's reference.
    pub rules: Vec<RuleOutcome>,
}

/// One rule of the gate and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleOutcome {
    /// Its key in `[gate]`.
    pub rule: String,
    /// What was demanded.
    pub limit: String,
    /// What is.
    pub actual: String,
    /// Whether it holds.
    pub passed: bool,
    /// Both in a sentence without a full stop.
    pub sentence: String,
}

/// A few whole lines of a migration with a place in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excerpt {
    /// The migration's path.
    pub path: String,
    /// Number of the first line of `text`, counted from 1.
    pub first_line: usize,
    /// Number of the line of the declaration, counted from 1.
    pub line: usize,
    /// The lines.
    pub text: String,
    /// Where the declaration begins in `text`, in bytes.
    pub start: usize,
    /// Where it ends in `text`, in bytes.
    pub end: usize,
}

/// A statement to try, to be completed by a person. It was not executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suggestion {
    /// What it is for, without a full stop.
    pub title: String,
    /// The statement.
    pub sql: String,
}

impl Verdict {
    /// The verdict over some rules.
    pub fn over(rules: Vec<RuleOutcome>) -> Self {
        Self { passed: rules.iter().all(|rule| rule.passed), rules }
    }
}

impl Finding {
    /// Whether it is about something never tried: a gap.
    pub fn is_gap(&self) -> bool {
        ["masked", "never-refused", "never-tried", "never-accepted"].contains(&&*self.check)
    }

    /// Whether it is a finding that a gate counts: nobody has accepted it, and it is more than a
    /// note.
    pub fn counts(&self) -> bool {
        self.accepted.is_none() && self.severity != Severity::Note
    }
}
