//! What a check may return.
//!
//! **Invariant**: a panic of the check is not handled here; it is a verdict as well.

use std::fmt::Display;

/// What the check of a [`Race`](super::Race) returns: nothing (it panics when something is wrong),
/// or a `Result` whose error says what is.
pub trait Verdict {
    /// Why the schedule is a bad one.
    fn objection(self) -> Option<String>;
}

impl Verdict for () {
    fn objection(self) -> Option<String> {
        None
    }
}

impl<E: Display> Verdict for Result<(), E> {
    fn objection(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}
