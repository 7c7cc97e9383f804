//! `transaction-left-open`: a connection ended inside of a transaction.
//!
//! In: a finished run. Out: a finding per test.
//!
//! **Invariant:** a transaction counts only if it was open when its connection ended.

use std::collections::BTreeMap;

use super::{Check, Scenario, count_u64};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "transaction-left-open",
    severity: Severity::Note,
    what: "A test ended a connection inside of an open transaction",
    why: "\
What it wrote was rolled back without anybody saying so; in production such a transaction \
holds its locks, and the rows that VACUUM may not remove.",
    example: "\
`begin; insert ...` and the process ends: nothing was stored, and no error was seen.",
    what_to_do: "\
End every transaction with COMMIT or ROLLBACK; let the pool check connections when they come \
back.",
    limits: "\
A connection that breaks off because its test was killed looks the same.",
    accept: "\
Suites that roll every test back by ending its connection.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/transaction-left-open/schema.sql"),
        suite: include_str!("../../scenarios/transaction-left-open/suite.sql"),
        finds: "transaction-left-open:shop:forgets_to_commit",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for lease in finished.leases.iter().filter(|lease| lease.left_in_transaction > 0) {
        *found.entry((lease.database, lease.test)).or_default() += lease.left_in_transaction;
    }
    found
        .into_iter()
        .map(|((database, test), times)| Finding {
            title: format!("{test} left a transaction open"),
            label: format!("{} ended inside of one", count_u64(times, "connection")),
            tests: vec![test.to_owned()],
            ..CHECK.finding(Some(database), test)
        })
        .collect()
}
