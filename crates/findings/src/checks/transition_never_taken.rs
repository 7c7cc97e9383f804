//! `transition-never-taken`: no test moved a row from this state to that.
//!
//! In: a finished run. Out: a finding per move.
//!
//! **Invariant:** nothing is reported where moves cannot be seen.

use super::{Check, Scenario, moves};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "transition-never-taken",
    severity: Severity::Warning,
    what: "A move between states that the schema allows was never made by a test",
    why: "\
The code that makes the move is not tested, or the move is one that nobody needs.",
    example: "\
`placed -> cancelled` is allowed; every test that cancels does so from `paid`.",
    what_to_do: "\
Make the move the way the application does; or forbid it.",
    limits: "\
Moves are known where the schema lists them in a table, and seen where the application keeps \
a history of them.",
    accept: "\
Moves that only an administrator makes by hand.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/transition-never-taken/schema.sql"),
        suite: include_str!("../../scenarios/transition-never-taken/suite.sql"),
        finds: "transition-never-taken:shop:public.orders.state: placed -> cancelled",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    moves::of(
        finished,
        &CHECK,
        |one| one.declared && one.taken.times == 0,
        |one, column| {
            let title = format!("no test moved `{column}` from `{}` to `{}`", one.from, one.to);
            (title, "allowed, and never taken".to_owned())
        },
    )
}
