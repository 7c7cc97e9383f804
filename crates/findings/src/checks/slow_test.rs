//! `slow-test`: a test held its database for long.
//!
//! In: a finished run. Out: a finding per test, the slowest first.
//!
//! **Invariant:** times are the proxy's.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "slow-test",
    severity: Severity::Note,
    what: "A test held its database for longer than `slow_test_ms`",
    why: "\
Slow tests are run less often, and the suite waits for the slowest.",
    example: "\
`reports::monthly` holds its database for 14 s; the median is 0.2 s.",
    what_to_do: "\
Look at what it waits for; the report shows its statements where they were recorded.",
    limits: "\
The time is from getting the lease to giving it back. A lease of a worker or of a process \
holds many tests and is not measured.",
    accept: "\
A test that must be long.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/slow-test/schema.sql"),
        suite: include_str!("../../scenarios/slow-test/suite.sql"),
        configuration: include_str!("../../scenarios/slow-test/proofmark.toml"),
        finds: "slow-test:shop:waits",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let limit_us = finished.settings.slow_test_ms.saturating_mul(1_000);
    let mut slowest: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for lease in finished.leases.iter().filter(|lease| lease.of_one_test) {
        if let Some(held_us) = lease.held_us().filter(|held_us| *held_us > limit_us) {
            let known = slowest.entry((lease.database, lease.test)).or_default();
            *known = held_us.max(*known);
        }
    }
    let mut slowest: Vec<_> = slowest.into_iter().collect();
    slowest.sort_by_key(|(_, held_us)| Reverse(*held_us));
    slowest
        .into_iter()
        .map(|((database, test), held_us)| Finding {
            title: format!("{test} held its database for {} ms", held_us / 1_000),
            label: format!("more than {} ms", finished.settings.slow_test_ms),
            tests: vec![test.to_owned()],
            ..CHECK.finding(Some(database), test)
        })
        .collect()
}
