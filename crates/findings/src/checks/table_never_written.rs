//! `table-never-written`: no test wrote to this table.
//!
//! In: a finished run. Out: a finding per table.
//!
//! **Invariant:** rows that were rolled back count: the server counts them.

use std::collections::BTreeSet;

use proofmark_catalog::{TableKind, TableName};

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "table-never-written",
    severity: Severity::Note,
    what: "No test wrote a row to a table",
    why: "\
The table, and the code that writes to it, are not tested at all.",
    example: "\
`dispute` is filled by a webhook that no test calls.",
    what_to_do: "\
Test the code that writes to it; drop the table if there is none.",
    limits: "\
Rows that a migration or a seed wrote are no test's. A table that is only read is reported as \
well.",
    accept: "\
Lookup tables that migrations fill.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/table-never-written/schema.sql"),
        suite: include_str!("../../scenarios/table-never-written/suite.sql"),
        finds: "table-never-written:shop:public.dispute",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for database in &finished.databases {
        let returned = finished.leases.iter().filter_map(|lease| lease.returned);
        let written: BTreeSet<TableName> = returned
            .filter(|returned| returned.database == database.name)
            .flat_map(|returned| &returned.written)
            .map(|table| TableName::new(&table.schema, &table.table))
            .collect();
        for table in database.catalog.tables.iter().filter(|table| is_whole(table.kind)) {
            let parts = std::iter::once(&table.name).chain(&table.partitions);
            if parts.into_iter().any(|part| written.contains(part)) {
                continue;
            }
            let name = table.name.to_string();
            found.push(Finding {
                owner: name.clone(),
                title: format!("no test wrote to `{name}`"),
                label: "never written".to_owned(),
                ..CHECK.finding(Some(database.name), &name)
            });
        }
    }
    found
}

/// Whether it is not a part of another table, or elsewhere.
fn is_whole(kind: TableKind) -> bool {
    matches!(kind, TableKind::Ordinary | TableKind::Partitioned)
}
