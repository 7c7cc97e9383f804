//! Counts per group.
//!
//! In: what was tried of each promise. Out: one [`Summary`] per group that is there.
//!
//! **Invariant**: a promise is counted once in the total of its group, whatever was tried.

use crate::kind::Kind;
use crate::model::{PromiseCoverage, State, Summary};

impl Summary {
    /// The counts of two databases together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            group: self.group,
            total: self.total + other.total,
            refused: self.refused + other.refused,
            accepted: self.accepted + other.accepted,
            both: self.both + other.both,
            masked: self.masked + other.masked,
            never: self.never + other.never,
        }
    }

    fn of(promise: &PromiseCoverage) -> Self {
        Self {
            group: promise.group,
            total: 1,
            refused: u64::from(promise.refused.times > 0),
            accepted: u64::from(promise.accepted.times > 0),
            both: u64::from(promise.state == State::RefusedAndAccepted),
            masked: u64::from(promise.state == State::Masked),
            never: u64::from(promise.state == State::Never),
        }
    }
}

/// The counts of each group that has a promise.
pub(crate) fn summarise(promises: &[PromiseCoverage]) -> Vec<Summary> {
    let of_group = |group: Kind| {
        let counted = promises.iter().filter(move |promise| promise.group == group);
        counted.map(Summary::of).reduce(Summary::plus)
    };
    Kind::ALL.into_iter().filter_map(of_group).collect()
}
