//! `accepted-only-as-null`: a CHECK that every row passed because a value was NULL.
//!
//! In: a finished run. Out: a finding per CHECK.
//!
//! **Invariant:** nothing is reported where rows were not looked at.

use super::{Check, Scenario};
use crate::model::Severity;
use crate::subject::{Words, tests};
use crate::suggest::Aim;
use crate::{Finding, Finished, Tried};

pub(super) static CHECK: Check = Check {
    id: "accepted-only-as-null",
    severity: Severity::Warning,
    what: "Every row that passed a CHECK passed it because a value was NULL",
    why: "\
A CHECK that is neither true nor false accepts the row (SQL:2016, 4.18.3.4).
So the condition itself has accepted nothing yet: it may be one that no value fulfils.",
    example: "\
`check (closed_at > opened_at)`, and no test ever closes anything.",
    what_to_do: "\
Store a row in which every column of the condition has a value.",
    limits: "\
What is looked at are the rows that a test leaves; a row that was deleted or rolled back is \
not seen.",
    accept: "\
Columns that are kept for later and that no code writes yet.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/accepted-only-as-null/schema.sql"),
        suite: include_str!("../../scenarios/accepted-only-as-null/suite.sql"),
        finds: "accepted-only-as-null:shop:public.ticket.ticket_closed_later",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    if !finished.coverage.evidence.looked.rows {
        return Vec::new();
    }
    let mut found = Vec::new();
    for evidence in &finished.coverage.evidence.databases {
        let Some(database) = finished.database(&evidence.database) else { continue };
        for check in &evidence.checks {
            if check.as_true.times > 0 || check.as_null.times == 0 {
                continue;
            }
            let Some(subject) = database.subject(&check.promise) else { continue };
            let by = Tried::from(&check.as_null);
            let words = Words {
                title: format!("no row ever fulfilled `{}`: a value was NULL", subject.name()),
                label: "accepted rows only because of a NULL".to_owned(),
                notes: vec![format!("such rows came from {}", tests(&by))],
                aim: Some(Aim::Accepted),
            };
            found.push(Finding { tests: by.first, ..subject.finding(&CHECK, database, words) });
        }
    }
    found
}
