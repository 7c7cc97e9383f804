//! `suite-bypasses-the-proxy`: rows were written that nobody saw being sent.
//!
//! In: a finished run. Out: a finding per test.
//!
//! **Invariant:** a lease on the direct lane is not reported: its test asked for that.

use std::collections::BTreeSet;

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "suite-bypasses-the-proxy",
    severity: Severity::Warning,
    what: "Rows were written to a test's database past the proxy",
    why: "\
Refusals of statements that do not go through the proxy are not seen, so promises look \
untried that are not.",
    example: "\
A helper connects to the server's own port, which it read from a file.",
    what_to_do: "\
Let every connection of the suite take its address from `DATABASE_URL`.
Tests that ask for the direct lane do without on purpose: see `lane` in the configuration.",
    limits: "\
Rows written by a background process of the server itself look the same.",
    accept: "\
Load tests that must not be slowed down.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/suite-bypasses-the-proxy/schema.sql"),
        suite: include_str!("../../scenarios/suite-bypasses-the-proxy/suite.sql"),
        finds: "suite-bypasses-the-proxy:shop:an_order_is_placed",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let unseen = finished.leases.iter().filter(|lease| {
        lease.rows() > 0 && lease.statements == 0 && lease.errors.is_empty() && !lease.direct
    });
    let tests: BTreeSet<(&str, &str)> = unseen.map(|lease| (lease.database, lease.test)).collect();
    tests
        .into_iter()
        .map(|(database, test)| Finding {
            title: format!("{test} wrote rows past the proxy"),
            label: "no statement of it was seen".to_owned(),
            tests: vec![test.to_owned()],
            ..CHECK.finding(Some(database), test)
        })
        .collect()
}
