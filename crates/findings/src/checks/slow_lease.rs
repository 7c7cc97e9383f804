//! `slow-lease`: a test waited long for its database.
//!
//! In: a finished run. Out: a finding per test, the slowest first.
//!
//! **Invariant:** times are what the client waited.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "slow-lease",
    severity: Severity::Note,
    what: "A test waited longer than `slow_lease_ms` for its database",
    why: "\
A lease takes about a millisecond where a database is ready; a test that waits pays for one \
that was not.",
    example: "\
Sixteen workers on two databases that are ready: the third waits for a copy.",
    what_to_do: "\
Give `proofmark run --ready N` as many as tests run at the same time; look at `REPLACED` in \
the report: databases that are replaced are not ready.",
    limits: "\
The first leases of a run wait for the server to warm up.",
    accept: "\
Where the machine is small.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/slow-lease/schema.sql"),
        suite: include_str!("../../scenarios/slow-lease/suite.sql"),
        configuration: include_str!("../../scenarios/slow-lease/proofmark.toml"),
        finds: "slow-lease:shop:asks_for_a_database",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let limit_us = finished.settings.slow_lease_ms.saturating_mul(1_000);
    let mut slowest: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for lease in finished.leases.iter().filter(|lease| lease.wait_us > limit_us) {
        let known = slowest.entry((lease.database, lease.test)).or_default();
        *known = lease.wait_us.max(*known);
    }
    let mut slowest: Vec<_> = slowest.into_iter().collect();
    slowest.sort_by_key(|(_, wait_us)| Reverse(*wait_us));
    slowest
        .into_iter()
        .map(|((database, test), wait_us)| Finding {
            title: format!("{test} waited {} ms for its database", wait_us / 1_000),
            label: format!("more than {} ms", finished.settings.slow_lease_ms),
            tests: vec![test.to_owned()],
            ..CHECK.finding(Some(database), test)
        })
        .collect()
}
