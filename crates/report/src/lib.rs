//! What a person and a machine read after a run.
//!
//! In: a trace and what the coverage crate made of it. Out: one [`Report`], shown on a terminal
//! ([`terminal`]) or written as JSON ([`to_json`]).
//!
//! **Invariant:** nothing here talks to a server, prints, or decides whether the gate passes; it
//! gives text.

mod build;
mod escape;
pub mod html;
mod json;
mod model;
mod number;
mod suggest;
pub mod terminal;

pub use json::{schema_json, to_json};
pub use model::{
    BrokenInvariant, DatabaseFacts, Differed, Excerpt, Figure, Gap, Held, Invariants, Isolation,
    IsolationInUse, Kept, Kind, Leases, LeftBehind, Means, Outcome, Owner, Promise, RecognisedBy,
    ReplacedBecause, Report, RunFacts, SCHEMA, SlowLease, Source, State, Suggestion, Total, Tried,
    TurnedAway, Unattributed, VERSION,
};
