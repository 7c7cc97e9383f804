//! `never-accepted`: this promise refuses, and no row ever passed it.
//!
//! In: promises. Out: a finding for each that refused and never accepted.
//!
//! **Invariant:** only rows that the server counted as written were accepted.

use super::{Check, Scenario, promises};
use crate::model::Severity;
use crate::subject::{Words, tests, times};
use crate::suggest::Aim;
use crate::{Finding, Finished, State};

pub(super) static CHECK: Check = Check {
    id: "never-accepted",
    severity: Severity::Warning,
    what: "Tests are refused by this promise, and no test stores a row that keeps it",
    why: "\
A promise that refuses everything would pass these tests.",
    example: "\
`check (closed_at > opened_at)` on a table whose only tests store rows that must be refused; \
typed as `closed_at > closed_at` it refuses all rows, and the tests stay green.",
    what_to_do: "Store one row that keeps it.",
    limits: "\
Rows are counted per table, so a promise about a column that is NULL in every row counts as \
accepted; see `accepted-only-as-null`.",
    accept: "Tables whose rows are made by another system, and here only refused.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/never-accepted/schema.sql"),
        suite: include_str!("../../scenarios/never-accepted/suite.sql"),
        finds: "never-accepted:shop:public.ticket.ticket_closed_later",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    promises::of_state(finished, &CHECK, State::NeverAccepted, |subject| {
        let mut notes = subject.notes();
        notes.push(format!("the refusals came from {}", tests(&subject.refused)));
        Words {
            title: format!("no row that keeps `{}` was ever stored", subject.name()),
            label: format!("refused {}, accepted nothing", times(subject.refused.times)),
            notes,
            aim: Some(Aim::Accepted),
        }
    })
}
