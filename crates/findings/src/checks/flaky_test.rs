//! `flaky-test`: a test fails at times.
//!
//! In: a finished run. Out: a finding per test.
//!
//! **Invariant:** one change of a result, from red to green, is no flakiness.

use std::collections::BTreeMap;

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "flaky-test",
    severity: Severity::Warning,
    what: "A test both failed and passed without a change that explains it",
    why: "\
A test that fails at times is a test that nobody believes, and often a race in the code that \
it tests.",
    example: "\
With retries, `orders::reserve_last_unit` fails and passes within one run.",
    what_to_do: "\
Run it alone and often; where two calls race, `docs/how-to/race-two-calls.md` shows how to \
find the interleaving.",
    limits: "\
Within one run: a lease of the test failed, and another passed.
Over the runs whose results are still in the output directory (eight): its result changed at \
least three times.
Whether a test failed is known where its runner says so.",
    accept: "\
A test that depends on something outside, while it is being mended.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/flaky-test/schema.sql"),
        suite: include_str!("../../scenarios/flaky-test/suite.sql"),
        finds: "flaky-test::the_last_unit_is_reserved",
        ..Scenario::PLAIN
    },
    find,
};

/// How often a result must change over the runs: red, green, red is somebody at work.
const CHANGES_MIN: usize = 3;

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut now: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for lease in finished.leases.iter().filter(|lease| lease.of_one_test) {
        let (failed, passed) = now.entry(lease.test).or_default();
        if lease.failed() { *failed = true } else { *passed = true }
    }
    let mut found = Vec::new();
    for (test, (failed, passed)) in now {
        let past = finished.settings.history.iter().filter_map(|run| run.failed.get(test));
        let results: Vec<bool> = past.copied().chain([failed]).collect();
        let changes = results.windows(2).filter(|pair| pair[0] != pair[1]).count();
        let label = if failed && passed {
            "failed and passed in this run".to_owned()
        } else if changes >= CHANGES_MIN {
            format!("its result changed {changes} times in {} runs", results.len())
        } else {
            continue;
        };
        found.push(Finding {
            title: format!("{test} fails at times"),
            label,
            tests: vec![test.to_owned()],
            ..CHECK.finding(None, test)
        });
    }
    found
}
