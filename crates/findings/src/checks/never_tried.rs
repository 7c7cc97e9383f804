//! `never-tried`: no test came near this promise.
//!
//! In: promises. Out: a finding for each that neither accepted nor refused.
//!
//! **Invariant:** what was rolled back was tried, too: the server counts it.

use super::{Check, Scenario, promises};
use crate::model::Severity;
use crate::subject::Words;
use crate::suggest::Aim;
use crate::{Finding, Finished, State};

pub(super) static CHECK: Check = Check {
    id: "never-tried",
    severity: Severity::Warning,
    what: "No test stores a row in the promise's table, and none was refused by it",
    why: "\
The table, and all code that writes to it, is not tested at all.
The promise may even be one that no row can keep.",
    example: "\
Disputes have a table with six constraints; the suite never opens one.",
    what_to_do: "\
Test the code that writes to the table; the promises come with it.
If there is no such code, drop the table.",
    limits: "\
Rows are counted per table by the server's own statistics, so a row written by a function or a \
trigger counts as well; a table that a migration fills has not been tried by a test.",
    accept: "Tables that another system writes to, for whose code another suite stands.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/never-tried/schema.sql"),
        suite: include_str!("../../scenarios/never-tried/suite.sql"),
        finds: "never-tried:shop:public.dispute.dispute_amount_positive",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    promises::of_state(finished, &CHECK, State::NeverTried, |subject| Words {
        title: format!("`{}` was never tried", subject.name()),
        label: if subject.promise.table.is_some() {
            "no test stored a row in its table".to_owned()
        } else {
            "no test stored a value of it".to_owned()
        },
        notes: subject.notes(),
        aim: Some(Aim::Refused),
    })
}
