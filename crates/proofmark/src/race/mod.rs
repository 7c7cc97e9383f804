//! Runs two calls in the orders that matter, and shows the one that breaks.
//!
//! In: a lease, what each schedule begins with, two calls, and what must be true afterwards. Out:
//! [`Explored`], which says how many schedules were run and shows the witness of a race as a list
//! of steps with its replay token. Main type: [`Race`].
//!
//! Both calls go through the [gate](proofmark_proxy::gate) of the proxy, which lets one step at a
//! time go: one statement, one commit, or the beginning of a call. Run are the two serial orders
//! and every schedule with one preemption: *a* runs some steps, then *b* runs until it is done or
//! waits for a lock, then *a* finishes, and the same the other way round.
//!
//! **Invariant**: it proves the presence of a race, and its absence only among the schedules that
//! it ran; a call that sent nothing through the gate was not raced, and that is a failure.

mod conduct;
mod explore;
mod outcome;
mod schedule;
mod verdict;

pub use explore::Race;
pub use outcome::{Broken, Explored, Line, Ran};
pub use schedule::{Schedule, ScheduleError};
pub use verdict::Verdict;
