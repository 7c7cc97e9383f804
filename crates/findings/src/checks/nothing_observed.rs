//! `nothing-observed`: no statement of the suite came through.
//!
//! In: a finished run. Out: one finding, or none.
//!
//! **Invariant:** nothing observed never looks like nothing to report.

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "nothing-observed",
    severity: Severity::Error,
    what: "No statement of the suite went through the proxy",
    why: "\
Nothing is known about any promise: a report without gaps would be a lie.
So this is an error with an exit code of its own (3), and no other check is applied.",
    example: "\
The suite reads `TEST_DATABASE_URL`, and the configuration names `DATABASE_URL`.",
    what_to_do: "\
Let the suite take the address of its database from `DATABASE_URL`, or name its variable: \
`env = \"TEST_DATABASE_URL\"` in `[database.NAME]`.
Connections that were refused are listed in the report with the reason.",
    limits: "\
A suite that has no test with a database looks the same.",
    accept: "\
Never: leave Proofmark out of a run that needs no database.",
    scenario: Some(Scenario {
        schema: include_str!("../../scenarios/nothing-observed/schema.sql"),
        suite: include_str!("../../scenarios/nothing-observed/suite.sql"),
        configuration: "",
        deep: false,
        finds: "nothing-observed::run",
    }),
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    if !finished.coverage.observed_nothing() {
        return Vec::new();
    }
    vec![Finding {
        title: "no statement of the suite went through the proxy".to_owned(),
        label: format!("{} leases were given", finished.leases.len()),
        notes: vec!["the suite finds its database in DATABASE_URL, PGHOST and PGPORT".to_owned()],
        ..CHECK.finding(None, "run")
    }]
}
