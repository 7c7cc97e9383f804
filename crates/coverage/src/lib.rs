//! What was tried: catalog and trace in, accepted and refused promises out.
//!
//! In: a [`Trace`](proofmark_trace::Trace) and nothing else, so that it works offline and on
//! merged traces. Out: a [`Coverage`], with every promise of every database in it. Main function:
//! [`cover`].
//!
//! **Invariant**: a refusal counts for the promise that it names and for no other; what cannot be
//! known is in no count.

mod accepted;
mod cover;
mod evidence;
mod kind;
mod lease;
mod model;
mod refusal;
mod summary;
mod tally;
mod tests_seen;

pub use cover::cover;
pub use kind::Kind;
pub use model::{
    ActionEvidence, ActionOn, CheckEvidence, ClauseEvidence, ColumnEvidence, Coverage,
    DatabaseCoverage, DatabaseEvidence, Evidence, FailedStatement, IndexEvidence, LeftOpen,
    LeftOut, Looked, MoveCoverage, MovesSeen, Observed, OnConflict, PromiseCoverage, Reason,
    Repeated, State, StateCoverage, StateStored, StatementEvidence, Summary, TableEvidence, Tests,
    Tried, Unattributed, WhyLeftOut,
};
pub use refusal::refusal_fields;
