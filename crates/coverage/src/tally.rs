//! Counting, before anything is bounded or put in order.
//!
//! In: one observation after the other. Out: [`Tried`] and [`PromiseCoverage`].
//!
//! **Invariant**: a test is counted once however often it tries.

use std::collections::BTreeSet;

use proofmark_catalog::{Promise, PromiseId};

use crate::kind::Kind;
use crate::model::{PromiseCoverage, State, Tried};
use crate::tests_seen::{Roll, TestNumber, TestSet};

/// A count with its tests.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    times: u64,
    tests: TestSet,
}

impl Tally {
    pub(crate) fn add(&mut self, times: u64, test: Option<TestNumber>) {
        self.times += times;
        if let Some(test) = test {
            self.tests.insert(test);
        }
    }

    pub(crate) fn times(&self) -> u64 {
        self.times
    }

    pub(crate) fn finish(self, roll: &Roll<'_>) -> Tried {
        Tried { times: self.times, tests: self.tests.finish(roll) }
    }
}

/// What was seen of one promise so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) refused: Tally,
    pub(crate) accepted: Tally,
    pub(crate) masked: Tally,
    pub(crate) masked_by: BTreeSet<PromiseId>,
}

impl Seen {
    pub(crate) fn finish(self, promise: &Promise, roll: &Roll<'_>) -> PromiseCoverage {
        let tried = (self.refused.times > 0, self.accepted.times > 0, self.masked.times > 0);
        PromiseCoverage {
            promise: promise.id.clone(),
            group: Kind::of(&promise.kind),
            state: match tried {
                (true, true, _) => State::RefusedAndAccepted,
                (true, false, _) => State::RefusedOnly,
                (false, _, true) => State::Masked,
                (false, true, false) => State::AcceptedOnly,
                (false, false, false) => State::Never,
            },
            refused: self.refused.finish(roll),
            accepted: self.accepted.finish(roll),
            masked: self.masked.finish(roll),
            masked_by: self.masked_by.into_iter().collect(),
        }
    }
}
