//! `index-never-used`: no test looked anything up by this index.
//!
//! In: a finished run. Out: a finding per index.
//!
//! **Invariant:** an index that guards a promise is never reported.

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "index-never-used",
    severity: Severity::Note,
    what: "An index that guards nothing was used by no test",
    why: "\
Every write pays for it. Either no test runs the query that it is for, or no query needs it.",
    example: "\
`orders_placed_at_idx` was made for a report that no longer exists.",
    what_to_do: "\
Look into `pg_stat_user_indexes` of production before you drop it: a table of three rows is \
read whole even where an index fits.",
    limits: "\
Tests have small tables, and the planner reads those whole. So this is a hint, and never more.",
    accept: "\
Indexes that production uses.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/index-never-used/schema.sql"),
        suite: include_str!("../../scenarios/index-never-used/suite.sql"),
        finds: "index-never-used:shop:public.item.item_by_name",
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
        let unused = database.indexes.iter().filter(|one| !one.guards && one.used.times == 0);
        found.extend(unused.map(|one| Finding {
            owner: one.table.to_string(),
            name: one.index.clone(),
            title: format!("no test used the index `{}`", one.index),
            label: format!("on {}", one.table),
            ..CHECK.finding(Some(&database.database), &format!("{}.{}", one.table, one.index))
        }));
    }
    found
}
