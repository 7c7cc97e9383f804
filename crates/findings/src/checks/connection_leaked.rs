//! `connection-leaked`: a test gave its database back with connections open.
//!
//! In: a finished run. Out: a finding per test.
//!
//! **Invariant:** a connection that the end of a process closed is no leak.

use super::{Check, Scenario, count_u64};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "connection-leaked",
    severity: Severity::Note,
    what: "A test gave its database back while connections were still open",
    why: "\
Code that leaks a connection per call uses up the server's in production.",
    example: "\
A repository opens a client in its constructor and never closes it.",
    what_to_do: "\
Close the pool at the end of the test, and every client where it is opened.",
    limits: "\
Known only where the test gives its database back itself (the library, the pytest plugin): a \
process that ends closes everything.",
    accept: "\
Suites that share one pool over all tests.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/connection-leaked/schema.sql"),
        suite: include_str!("../../scenarios/connection-leaked/suite.sql"),
        finds: "connection-leaked:shop:an_order_is_placed",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let leaked = finished.coverage.evidence.left_open.iter().filter(|left| left.connections > 0);
    leaked
        .map(|left| Finding {
            title: format!("{} gave its database back with connections open", left.test.as_str()),
            label: format!("{} had to be closed", count_u64(left.connections, "connection")),
            tests: vec![left.test.as_str().to_owned()],
            ..CHECK.finding(Some(&left.database), left.test.as_str())
        })
        .collect()
}
