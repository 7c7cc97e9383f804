//! What a finished run comes to: findings, and the verdict of the gate.
//!
//! In: a trace and what the coverage crate made of it. Out: [`Finding`]s, the worst first, and a
//! [`Verdict`]. Main type: [`Finished`].
//!
//! **Invariant:** nothing here talks to a server, prints, or knows how a finding is shown; every
//! number in a finding is the trace's or the coverage's.

mod baseline;
mod checks;
mod diff;
mod excerpt;
mod explain;
mod finished;
mod gate;
mod leases;
mod model;
mod settings;
mod subject;
mod suggest;
mod tried;

pub use baseline::{BASELINE_FILE, Baseline, BaselineError};
pub use checks::{CHECKS, Check, Scenario, check};
pub use diff::Diff;
pub use explain::{index, page};
pub use finished::{Database, Finished};
pub use gate::{Gate, Judged, Rules};
pub use model::{Acceptance, Excerpt, Finding, RuleOutcome, Severity, Suggestion, Verdict};
pub use proofmark_coverage::Kind;
pub use settings::{PastRun, Settings};
pub use subject::Subject;
pub use tried::{State, Tried};
