//! `state-never-stored`: no test brought a row into this state.
//!
//! In: a finished run. Out: a finding per state.
//!
//! **Invariant:** nothing is reported where rows were not looked at.

use proofmark_coverage::StateStored;

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "state-never-stored",
    severity: Severity::Warning,
    what: "A state that the schema allows was never stored by a test",
    why: "\
Whatever the application does with rows in this state, no test has seen it.",
    example: "\
`orders.state` may be `disputed`; no test has such an order.",
    what_to_do: "\
Bring a row into the state the way the application does, and look at what follows.",
    limits: "\
A state counts as stored if a test left a row in it. A row that has moved on, or was rolled \
back, is not seen.",
    accept: "\
States of rows that were imported from an older system.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/state-never-stored/schema.sql"),
        suite: include_str!("../../scenarios/state-never-stored/suite.sql"),
        finds: "state-never-stored:shop:public.orders.state = disputed",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for covered in &finished.coverage.databases {
        for column in covered.transitions.iter().filter(|column| column.states_seen) {
            let never = |state: &&StateStored| state.declared && state.stored.times == 0;
            for state in column.states.iter().filter(never) {
                let subject = format!("{} = {}", column.address, state.state);
                found.push(Finding {
                    owner: column.table.to_string(),
                    name: column.column.clone(),
                    title: format!("no test stored `{}` in `{}`", state.state, column.address),
                    label: "never stored".to_owned(),
                    ..CHECK.finding(Some(&covered.database), &subject)
                });
            }
        }
    }
    found
}
