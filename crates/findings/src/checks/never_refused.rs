//! `never-refused`: rows pass this promise, and none was ever refused by it.
//!
//! In: promises. Out: a finding for each that accepted and never refused.
//!
//! **Invariant:** a refusal counts for the promise that it names and for no other.

use proofmark_catalog::PromiseKind;

use super::{Check, Scenario, promises};
use crate::model::Severity;
use crate::subject::{Words, rows};
use crate::suggest::Aim;
use crate::{Finding, Finished, State};

pub(super) static CHECK: Check = Check {
    id: "never-refused",
    severity: Severity::Warning,
    what: "Tests store rows that keep this promise, and no test tries to break it",
    why: "\
Whether the promise says what its author meant is not known.
It can be dropped, or weakened by a migration, and every test stays green.",
    example: "\
`check (reserved <= on_hand)` is passed by 412 rows of 37 tests.
Written `check (reserved <= on_hand + 1)` it would be passed by the same 412.",
    what_to_do: "\
Write a test that stores a row which breaks it, and expect the refusal by its name.
The suggested statement is a start: it breaks this promise at its bound and keeps the others.",
    limits: "\
A refusal by a promise without a name of its own is known only where the server reports which.
A statement that never reached the database (the application refused first) is no refusal.",
    accept: "\
Where the promise is a second line of defence that no code path can reach, say which one is the \
first.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/never-refused/schema.sql"),
        suite: include_str!("../../scenarios/never-refused/suite.sql"),
        finds: "never-refused:shop:public.inventory.reserved_within_on_hand",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    promises::of_state(finished, &CHECK, State::NeverRefused, |subject| {
        let name = subject.name();
        let title = match subject.promise.kind {
            PromiseKind::NotNull { .. } => {
                format!("no test tried to store a NULL in `{name}`")
            }
            _ => format!("no test tried to break `{name}`"),
        };
        Words {
            title,
            label: format!("accepted {}, refused none", rows(subject.accepted.times)),
            notes: subject.notes(),
            aim: Some(Aim::Refused),
        }
    })
}
