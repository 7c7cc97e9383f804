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
mod group;
mod lease;
mod model;
mod summary;
mod tally;

pub use cover::cover;
pub use group::Group;
pub use model::{
    Coverage, DatabaseCoverage, LeftOut, Observed, PromiseCoverage, Reason, State, Summary, Tests,
    Tried, Unattributed, WhyLeftOut,
};
