//! `n-plus-one`: one statement many times in a row.
//!
//! In: a finished run. Out: a finding per statement.
//!
//! **Invariant:** statements are shapes: no value of a row is shown.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Scenario, count, first_tests};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "n-plus-one",
    severity: Severity::Note,
    what: "A test ran one statement many times in a row, for one row each time",
    why: "\
A loop over queries is fast with three rows in a test and slow with three hundred in production.",
    example: "\
A list of orders, and for each of them `select ... from customer where id = ?`.",
    what_to_do: "\
Ask for all of them at once: a join, or `where id = any(?)`.",
    limits: "\
Reported from ten in a row on one connection. A test that prepares its own rows one by one \
looks the same.",
    accept: "\
Tests that store many rows in a loop.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/n-plus-one/schema.sql"),
        suite: include_str!("../../scenarios/n-plus-one/suite.sql"),
        finds: "n-plus-one:shop:select * from customer where id = ?",
        ..Scenario::PLAIN
    },
    find,
};

/// Characters of a statement in the address of a finding.
const SHAPE_MAX: usize = 120;

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<(&str, &str), (u64, BTreeSet<&str>)> = BTreeMap::new();
    for one in &finished.coverage.evidence.repeated {
        let (most, tests) = found.entry((&one.database, &one.shape)).or_default();
        *most = one.in_a_row.max(*most);
        tests.insert(one.test.as_str());
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(_, (most, _))| Reverse(*most));
    found
        .into_iter()
        .map(|((database, statement), (most, tests))| {
            let end = statement.floor_char_boundary(SHAPE_MAX);
            let shape = statement[..end].split_whitespace().collect::<Vec<_>>().join(" ");
            Finding {
                title: format!("one statement {most} times in a row"),
                label: format!("in {}", count(tests.len(), "test")),
                notes: vec![format!("the statement: {statement}")],
                tests: first_tests(&tests),
                ..CHECK.finding(Some(database), &shape)
            }
        })
        .collect()
}
