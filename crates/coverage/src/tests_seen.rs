//! Tests as small numbers, so that what hundreds of thousands of them tried fits into memory.
//!
//! In: the tests of all runs. Out: a number for each, and [`Tests`] for a set of numbers. Main
//! types: [`Roll`], [`TestSet`].
//!
//! **Invariant**: numbers are in the order of the names, so that the first by number are the first
//! by name.

use std::collections::{BTreeSet, HashMap};

use proofmark_trace::{Event, Record, TestName, Trace};

use crate::model::Tests;

/// A set is put in order when it has grown by this much, at least.
const UNSORTED_MAX: usize = 64;

/// The number of a test.
pub(crate) type TestNumber = u32;

/// All tests of a trace.
#[derive(Debug)]
pub(crate) struct Roll<'a> {
    names: Vec<&'a TestName>,
    numbers: HashMap<&'a TestName, TestNumber>,
}

impl<'a> Roll<'a> {
    pub(crate) fn call(trace: &'a Trace) -> Self {
        let entries = trace.runs.iter().flat_map(|run| &run.entries);
        let names: BTreeSet<&TestName> = entries
            .filter_map(|entry| match &entry.record {
                Record::Proxy(Event::LeaseGiven { test, .. }) => Some(test),
                Record::LeaseReturned(returned) => Some(&returned.test),
                _ => None,
            })
            .collect();
        let names: Vec<&TestName> = names.into_iter().collect();
        let numbers = (0..).zip(&names).map(|(number, name)| (*name, number)).collect();
        Self { names, numbers }
    }

    pub(crate) fn number(&self, test: &TestName) -> Option<TestNumber> {
        self.numbers.get(test).copied()
    }

    pub(crate) fn name(&self, number: TestNumber) -> Option<&'a TestName> {
        self.names.get(usize::try_from(number).ok()?).copied()
    }
}

/// A set of tests.
#[derive(Debug, Default, Clone)]
pub(crate) struct TestSet {
    numbers: Vec<TestNumber>,
    /// The first so many are in order and different from each other.
    sorted: usize,
}

impl TestSet {
    pub(crate) fn insert(&mut self, test: TestNumber) {
        if self.numbers.last() == Some(&test) {
            return;
        }
        self.numbers.push(test);
        if self.numbers.len() > 2 * self.sorted + UNSORTED_MAX {
            self.sort();
        }
    }

    pub(crate) fn finish(mut self, roll: &Roll<'_>) -> Tests {
        self.sort();
        let total = u64::try_from(self.numbers.len()).unwrap_or(u64::MAX);
        let named = self.numbers.iter().take(Tests::NAMED_MAX);
        let named = named.filter_map(|number| roll.name(*number).cloned()).collect();
        Tests { total, named }
    }

    fn sort(&mut self) {
        self.numbers.sort_unstable();
        self.numbers.dedup();
        self.sorted = self.numbers.len();
    }
}
