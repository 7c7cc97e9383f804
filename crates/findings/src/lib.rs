//! What a finished run comes to: findings, and the verdict of the gate.
//!
//! In: a trace and what the coverage crate made of it. Out: [`Finding`]s, the worst first, and a
//! [`Verdict`]. Main type: [`Finished`].
//!
//! **Invariant:** nothing here talks to a server, prints, or knows how a finding is shown; every
//! number in a finding is the trace's or the coverage's.

mod checks;
mod excerpt;
mod finished;
mod kind;
mod model;
mod subject;
mod suggest;

pub use checks::{CHECKS, Check, check};
pub use finished::{Database, Finished};
pub use kind::{Kind, State, Tried};
pub use model::{Acceptance, Excerpt, Finding, RuleOutcome, Severity, Suggestion, Verdict};
pub use subject::Subject;
