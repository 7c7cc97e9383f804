//! What a person and a machine read after a run.
//!
//! In: a trace and what the coverage crate made of it. Out: one [`Report`], shown on a terminal
//! ([`terminal`]) or written as JSON ([`to_json`]).
//!
//! **Invariant:** nothing here talks to a server, prints, or decides whether the gate passes; it
//! gives text.

pub mod badge;
mod build;
mod escape;
pub mod html;
mod json;
pub mod junit;
pub mod lcov;
pub mod markdown;
mod model;
mod number;
pub mod prometheus;
pub mod sarif;
pub mod terminal;

pub use json::{schema_json, to_json};
pub use model::{
    BrokenInvariant, Clause, DatabaseFacts, Differed, Figure, Held, Invariants, Isolation,
    IsolationInUse, Kept, Leases, LeftBehind, Means, Move, MovesSeen, Outcome, Owner, Promise,
    RecognisedBy, ReplacedBecause, Report, RunFacts, SCHEMA, SlowLease, Source, StateColumn,
    StateSeen, Total, TurnedAway, Unattributed, VERSION,
};
pub use proofmark_findings::{
    Acceptance, Excerpt, Finding, Kind, RuleOutcome, Severity, State, Suggestion, Tried, Verdict,
};
