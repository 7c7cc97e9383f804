//! `sequential-scan`: a table that is large in production was read whole.
//!
//! In: a finished run. Out: a finding per table that is named.
//!
//! **Invariant:** a table that is not named is never reported.

use super::{Check, Scenario};
use crate::model::Severity;
use crate::subject::tests;
use crate::{Finding, Finished, Tried};

pub(super) static CHECK: Check = Check {
    id: "sequential-scan",
    severity: Severity::Warning,
    what: "A table that is named as large in production was read from end to end",
    why: "\
With ten rows that costs nothing; with ten million it is the outage.",
    example: "\
`select ... from orders where lower(email) = $1`, and the index is on `email`.",
    what_to_do: "\
Look at the plan with `explain` on a database of production's size, and give the query its \
index.",
    limits: "\
Only tables under `large_tables` in `[findings]` are asked for, because small tables are \
always read whole.
The planner of a test database with few rows reads a table whole even where an index fits.",
    accept: "\
Jobs that must read everything.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/sequential-scan/schema.sql"),
        suite: include_str!("../../scenarios/sequential-scan/suite.sql"),
        configuration: include_str!("../../scenarios/sequential-scan/proofmark.toml"),
        finds: "sequential-scan:shop:public.orders",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let evidence = &finished.coverage.evidence;
    if !evidence.looked.indexes {
        return Vec::new();
    }
    let mut found = Vec::new();
    for database in &evidence.databases {
        for table in database.tables.iter().filter(|table| table.sequential.times > 0) {
            let name = table.table.to_string();
            if !finished.settings.large_tables.contains(&name) {
                continue;
            }
            let by = Tried::from(&table.sequential);
            let times = crate::subject::times(by.times);
            found.push(Finding {
                owner: name.clone(),
                title: format!("`{name}` was read from end to end"),
                label: format!("{times}, {} rows in all", table.sequential_rows),
                notes: vec![format!("by {}", tests(&by))],
                tests: by.first,
                ..CHECK.finding(Some(&database.database), &name)
            });
        }
    }
    found
}
