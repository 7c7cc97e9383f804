//! `not-isolated`: a database was not equal to its template again.
//!
//! In: a finished run. Out: a finding per database and place that differed.
//!
//! **Invariant:** what is named is what the comparison said.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Scenario, count, first_tests};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "not-isolated",
    severity: Severity::Error,
    what: "A database that came back was not made equal to its template",
    why: "\
The next test would have seen what this one left. Proofmark found out by comparing, and \
replaced the database.",
    example: "\
A test writes to a table in a way that Proofmark's reset does not see: to an unlogged table with \
megabytes of seeds, after it has switched off the server's counters.",
    what_to_do: "\
Report it to Proofmark with the table that is named; until it is mended, `isolation = \
\"clone\"` gives every test a fresh copy.",
    limits: "\
Every hundredth return is compared (`verify_every`), all with `--verify`.",
    accept: "\
Never: what cannot be trusted makes every other number doubtful.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/not-isolated/schema.sql"),
        suite: include_str!("../../scenarios/not-isolated/suite.sql"),
        arguments: &["--verify"],
        finds: "not-isolated:shop:table public.search_word",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<(&str, &str), (&str, BTreeSet<&str>)> = BTreeMap::new();
    for returned in finished.leases.iter().filter_map(|lease| lease.returned) {
        for one in &returned.differs {
            let key = (returned.database.as_str(), one.what.as_str());
            found
                .entry(key)
                .or_insert((&one.detail, BTreeSet::new()))
                .1
                .insert(returned.test.as_str());
        }
    }
    let finding =
        |((database, what), (detail, tests)): ((&str, &str), (&str, BTreeSet<&str>))| Finding {
            title: format!("{what} was not made equal to the template: {detail}"),
            label: format!("after {}", count(tests.len(), "test")),
            tests: first_tests(&tests),
            ..CHECK.finding(Some(database), what)
        };
    found.into_iter().map(finding).collect()
}
