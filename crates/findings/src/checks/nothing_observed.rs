//! `nothing-observed`: no statement of the suite came through.
//!
//! In: a finished run. Out: one finding, or none.
//!
//! **Invariant:** nothing observed never looks like nothing to report.

use proofmark_trace::Record;

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
Connections that were refused are listed in the report with the reason.
A tool that makes a test database of its own (Django, `createdb`) goes past the leases: let it use \
the one that `DATABASE_URL` names, which is migrated already.",
    limits: "\
A suite that has no test with a database looks the same.",
    accept: "\
Never: leave Proofmark out of a run that needs no database.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/nothing-observed/schema.sql"),
        suite: include_str!("../../scenarios/nothing-observed/suite.sql"),
        finds: "nothing-observed::run",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    if !finished.coverage.observed_nothing() {
        return Vec::new();
    }
    let usual = "the suite finds its database in DATABASE_URL, PGHOST and PGPORT".to_owned();
    // What is known comes before what is usual.
    let notes = elsewhere(finished).into_iter().chain([usual]).collect();
    vec![Finding {
        title: "no statement of the suite went through the proxy".to_owned(),
        label: format!("{} leases were given", finished.leases.len()),
        notes,
        ..CHECK.finding(None, "run")
    }]
}

/// Where connections went that came through without a lease.
fn elsewhere(finished: &Finished<'_>) -> Option<String> {
    let tools = finished.trace.entries().find_map(|(_, entry)| match &entry.record {
        Record::ToolsFinished(tools) if !tools.used_first.is_empty() => Some(tools),
        _ => None,
    })?;
    let names: Vec<String> = tools.used_first.iter().map(|name| format!("`{name}`")).collect();
    let more = if tools.used > names.len() as u64 { ", ..." } else { "" };
    let made = if tools.used == 0 { "a maintenance database" } else { "what it made for itself" };
    Some(format!("the suite connected to {made} in place of a lease: {}{more}", names.join(", ")))
}
