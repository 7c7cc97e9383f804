//! `invariant-broken`: a test left rows for which a declared invariant does not hold.
//!
//! In: a finished run. Out: a finding per invariant and database.
//!
//! **Invariant:** an invariant that could not be asked is a finding too, and says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Scenario, count, first_tests};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "invariant-broken",
    severity: Severity::Error,
    what: "A test left a database in which a declared invariant does not hold",
    why: "\
The application wrote what must never be: the order whose total is not its lines', the \
payment refunded twice.
No constraint could say it, so nothing else would have noticed.",
    example: "\
`select ... from orders where total <> (select sum(...) ...)` returns a row after \
`orders::discount`.",
    what_to_do: "\
Look at the rows in the report and at the kept database (`proofmark psql`), and mend the code \
that wrote them.",
    limits: "\
An invariant is asked when a lease comes back, and only if a table that it reads was written to.
Rows that were broken and mended within one test are not seen.",
    accept: "\
Never as a finding. Tests that write rows by hand are excepted with `invariants_except`.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/invariant-broken/schema.sql"),
        suite: include_str!("../../scenarios/invariant-broken/suite.sql"),
        invariants: include_str!("../../scenarios/invariant-broken/invariants.sql"),
        configuration: include_str!("../../scenarios/invariant-broken/proofmark.toml"),
        finds: "invariant-broken:shop:order_total_is_that_of_its_lines",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<(&str, &str), Broken<'_>> = BTreeMap::new();
    for returned in finished.leases.iter().filter_map(|lease| lease.returned) {
        for one in &returned.broken {
            let key = (returned.database.as_str(), one.invariant.as_str());
            let broken = found.entry(key).or_insert_with(|| Broken {
                must_hold: &one.must_hold,
                error: one.error.as_deref(),
                tests: BTreeSet::new(),
            });
            broken.tests.insert(returned.test.as_str());
        }
    }
    found.into_iter().map(|((database, name), broken)| broken.finding(database, name)).collect()
}

struct Broken<'a> {
    must_hold: &'a str,
    error: Option<&'a str>,
    tests: BTreeSet<&'a str>,
}

impl Broken<'_> {
    fn finding(&self, database: &str, name: &str) -> Finding {
        let title = match self.error {
            Some(error) => format!("invariant `{name}` could not be checked: {error}"),
            None => format!("invariant `{name}` does not hold"),
        };
        let must_hold = Some(self.must_hold).filter(|text| !text.is_empty());
        Finding {
            title,
            label: format!("broken after {}", count(self.tests.len(), "test")),
            notes: must_hold.map(|text| format!("must hold: {text}")).into_iter().collect(),
            tests: first_tests(&self.tests),
            ..CHECK.finding(Some(database), name)
        }
    }
}
