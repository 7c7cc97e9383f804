//! `column-never-written`: no test put a value into this column.
//!
//! In: a finished run. Out: a finding per column.
//!
//! **Invariant:** nothing is reported where rows were not looked at.

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "column-never-written",
    severity: Severity::Note,
    what: "No test left a value in a column that differs from NULL and from its default",
    why: "\
Code that fills the column is not tested; constraints over it have only seen its default.",
    example: "\
`orders.cancelled_reason` is NULL in every test.",
    what_to_do: "\
Test the code that fills it, or drop the column.",
    limits: "\
What is looked at are the rows that a test leaves. Columns that the server fills are not \
asked for, nor those of tables that no test wrote to.",
    accept: "\
Columns that are on their way out.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/column-never-written/schema.sql"),
        suite: include_str!("../../scenarios/column-never-written/suite.sql"),
        finds: "column-never-written:shop:public.orders.cancelled_reason",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let evidence = &finished.coverage.evidence;
    if !evidence.looked.rows {
        return Vec::new();
    }
    let mut found = Vec::new();
    for database in &evidence.databases {
        for table in database.tables.iter().filter(|table| table.written.times > 0) {
            let never = table.columns.iter().filter(|one| one.knowable && one.written.times == 0);
            found.extend(never.map(|column| Finding {
                owner: table.table.to_string(),
                name: column.column.clone(),
                title: format!("no test left a value in `{}`", column.column),
                label: format!("a column of {}", table.table),
                ..CHECK.finding(
                    Some(&database.database),
                    &format!("{}.{}", table.table, column.column),
                )
            }));
        }
    }
    found
}
