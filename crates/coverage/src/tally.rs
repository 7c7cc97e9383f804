//! Counting, before anything is bounded or put in order.
//!
//! In: one observation after the other. Out: [`Tried`] and [`PromiseCoverage`].
//!
//! **Invariant**: a test is counted once however often it tries.

use std::collections::BTreeSet;

use proofmark_catalog::{Promise, PromiseId};
use proofmark_trace::TestName;

use crate::group::Group;
use crate::model::{PromiseCoverage, State, Tests, Tried};

/// A count with its tests.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    times: u64,
    tests: BTreeSet<TestName>,
}

impl Tally {
    pub(crate) fn add(&mut self, times: u64, test: Option<&TestName>) {
        self.times += times;
        self.tests.extend(test.cloned());
    }

    pub(crate) fn finish(self) -> Tried {
        let total = u64::try_from(self.tests.len()).unwrap_or(u64::MAX);
        let named = self.tests.into_iter().take(Tests::NAMED_MAX).collect();
        Tried { times: self.times, tests: Tests { total, named } }
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
    pub(crate) fn finish(self, promise: &Promise) -> PromiseCoverage {
        let tried = (self.refused.times > 0, self.accepted.times > 0, self.masked.times > 0);
        PromiseCoverage {
            promise: promise.id.clone(),
            group: Group::of(&promise.kind),
            state: match tried {
                (true, true, _) => State::RefusedAndAccepted,
                (true, false, _) => State::RefusedOnly,
                (false, _, true) => State::Masked,
                (false, true, false) => State::AcceptedOnly,
                (false, false, false) => State::Never,
            },
            refused: self.refused.finish(),
            accepted: self.accepted.finish(),
            masked: self.masked.finish(),
            masked_by: self.masked_by.into_iter().collect(),
        }
    }
}
