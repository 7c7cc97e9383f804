//! What one session of the gate waits for.
//!
//! **Invariant**: in every stage but `Idle` the server works on one unit, or one thing is held.

use super::answer::Answer;
use super::batch::{Frame, Unit, Until};
use super::classify::Wrap;

/// How far a session is.
#[derive(Debug)]
pub(super) enum Stage {
    /// The server has not said that it is ready for the first time.
    Login,
    /// Our own setting is being made; this is what the client gets afterwards.
    Tuning(Frame),
    Idle,
    /// A batch that is no step.
    Passing,
    Held(Unit, Wrap),
    /// The implied BEGIN of this unit is being answered.
    Opening(Unit, Wrap),
    Working(Working),
    /// The implied COMMIT is held.
    HeldCommit(Answer, bool),
    /// The implied COMMIT or ROLLBACK is being answered.
    Ending(Closing),
    /// The answer of a step that was blocked.
    Answered(Answer),
}

#[derive(Debug)]
pub(super) struct Working {
    pub(super) answer: Answer,
    pub(super) until: Until,
    pub(super) is_simple: bool,
    /// The client must see the answer while it comes: it is a COPY.
    pub(super) is_streaming: bool,
}

#[derive(Debug)]
pub(super) struct Closing {
    pub(super) answer: Answer,
    pub(super) is_simple: bool,
    pub(super) error: Option<Frame>,
    /// It was a step: the commit, not the rollback.
    pub(super) is_commit: bool,
}
