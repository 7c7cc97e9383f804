//! `on-conflict-never-taken`: the conflict of an ON CONFLICT never came.
//!
//! In: a finished run. Out: a finding per statement.
//!
//! **Invariant:** what the server does not tell apart is not reported.

use super::{Check, Scenario};
use crate::model::Severity;
use crate::subject::tests;
use crate::{Finding, Finished, Tried};

pub(super) static CHECK: Check = Check {
    id: "on-conflict-never-taken",
    severity: Severity::Warning,
    what: "An INSERT with ON CONFLICT never met its conflict",
    why: "\
The second half of the statement is code that no test has run.",
    example: "\
`insert ... on conflict (key) do nothing`: every test stores each key once.",
    what_to_do: "\
Run the statement twice with the same key, and look at what is stored.",
    limits: "\
Known for DO NOTHING behind VALUES: fewer rows are reported than were given. DO UPDATE \
reports an updated row like an inserted one, so nothing is said about it.",
    accept: "\
Statements that repeat only after a crash.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/on-conflict-never-taken/schema.sql"),
        suite: include_str!("../../scenarios/on-conflict-never-taken/suite.sql"),
        finds: "on-conflict-never-taken:shop:insert into seen values (?) on conflict do nothing",
        ..Scenario::PLAIN
    },
    find,
};

/// Characters of a statement in the address of a finding.
const SHAPE_MAX: usize = 120;

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let statements = finished.coverage.evidence.statements.iter();
    let never = statements.filter(|statement| {
        statement.on_conflict.is_some_and(|one| one.knowable && one.taken == 0)
    });
    never
        .map(|statement| {
            let end = statement.shape.floor_char_boundary(SHAPE_MAX);
            let shape = statement.shape[..end].split_whitespace().collect::<Vec<_>>().join(" ");
            let by = Tried::from(&statement.calls);
            Finding {
                title: "an ON CONFLICT never met its conflict".to_owned(),
                label: format!("run {}", crate::subject::times(by.times)),
                notes: vec![
                    format!("the statement: {}", statement.shape),
                    format!("it was run by {}", tests(&by)),
                ],
                tests: by.first,
                ..CHECK.finding(Some(&statement.database), &shape)
            }
        })
        .collect()
}
