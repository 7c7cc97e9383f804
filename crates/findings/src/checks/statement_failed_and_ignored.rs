//! `statement-failed-and-ignored`: a statement failed, and its test did not.
//!
//! In: a finished run. Out: a finding per error code and statement.
//!
//! **Invariant:** statements are shapes: no value of a row is shown.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Scenario, count, first_tests};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "statement-failed-and-ignored",
    severity: Severity::Warning,
    what: "A statement failed with an error that is no refusal, and its test did not fail",
    why: "\
The code swallows errors of the database: a table that is missing, a right that it does not \
have, a transaction that had failed before.
The test is green although what it should do was not done.",
    example: "\
A job writes its log into a table that no longer exists and goes on; `42P01` comes back each \
time.",
    what_to_do: "\
Find the statement in the code and let its error through, or remove it.",
    limits: "\
Refusals by a promise (class 23), values that do not fit (22), errors raised by the schema's \
own functions (P0), conflicts between transactions (40) and what an operator does to a session \
(57) are what tests of refusals and of faults bring about, and are not reported.
Whether a test failed is known where its runner says so; otherwise no lease counts as failed.",
    accept: "\
A statement that is expected to fail, such as the probe for a feature of the server.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/statement-failed-and-ignored/schema.sql"),
        suite: include_str!("../../scenarios/statement-failed-and-ignored/suite.sql"),
        finds: "statement-failed-and-ignored:shop:42P01 insert into audit_log values (?)",
        ..Scenario::PLAIN
    },
    find,
};

/// Classes of errors that tests provoke on purpose (appendix A of PostgreSQL's manual): values
/// that do not fit, refusals, rollbacks of conflicts, sessions that an operator ends, errors raised
/// by functions.
const PROVOKED: [&str; 5] = ["22", "23", "40", "57", "P0"];

/// Characters of a statement in the address of a finding.
const SHAPE_MAX: usize = 120;

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<(&str, &str, &str), (u64, BTreeSet<&str>)> = BTreeMap::new();
    let good = finished.leases.iter().filter(|lease| !lease.failed());
    for lease in good {
        for (statement, refusal) in &lease.errors {
            if PROVOKED.iter().any(|class| refusal.sqlstate.starts_with(class)) {
                continue;
            }
            let key = (lease.database, refusal.sqlstate.as_str(), *statement);
            let (times, tests) = found.entry(key).or_default();
            *times += 1;
            tests.insert(lease.test);
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(_, (times, _))| Reverse(*times));
    found
        .into_iter()
        .map(|((database, sqlstate, statement), (times, tests))| {
            let end = statement.floor_char_boundary(SHAPE_MAX);
            let shape = statement[..end].split_whitespace().collect::<Vec<_>>().join(" ");
            let by = count(tests.len(), "test");
            Finding {
                title: format!("a statement failed with {sqlstate}, and its test did not"),
                label: format!("failed {} in {by}", crate::subject::times(times)),
                notes: vec![format!("the statement: {statement}")],
                tests: first_tests(&tests),
                ..CHECK.finding(Some(database), &format!("{sqlstate} {shape}"))
            }
        })
        .collect()
}
