//! `transition-never-refused`: no test tried to make a forbidden move.
//!
//! In: a finished run. Out: a finding per state that has a forbidden move.
//!
//! **Invariant:** one refused move from a state is enough.

use proofmark_coverage::{MovesSeen, StateCoverage};

use super::{Check, Scenario};
use crate::model::Severity;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "transition-never-refused",
    severity: Severity::Note,
    what: "Nobody has tried to leave this state in a way that is forbidden",
    why: "\
Whether the database really refuses a forbidden move from here is not known.",
    example: "\
`refunded` is a last state; no test tries to pay such an order once more.",
    what_to_do: "\
Try one move that is not allowed, and expect the refusal by the name of the constraint.",
    limits: "\
A refusal counts where it names the constraint that guards the moves and says which move it was.
One forbidden move per state is asked for, not all.",
    accept: "\
States that the application's own types make unreachable.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/transition-never-refused/schema.sql"),
        suite: include_str!("../../scenarios/transition-never-refused/suite.sql"),
        finds: "transition-never-refused:shop:public.orders.state: cancelled",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for covered in &finished.coverage.databases {
        let known =
            |column: &&StateCoverage| column.moves_declared && column.moves_seen != MovesSeen::No;
        for column in covered.transitions.iter().filter(known) {
            let declared: Vec<&str> = column
                .states
                .iter()
                .filter(|state| state.declared)
                .map(|state| state.state.as_str())
                .collect();
            for from in &declared {
                let leaves = column.moves.iter().filter(|one| one.from == *from);
                let allowed = leaves.clone().filter(|one| one.declared).count();
                let refused = leaves.clone().any(|one| one.refused.times > 0);
                // The others, without itself.
                if refused || allowed + 1 >= declared.len() {
                    continue;
                }
                let subject = format!("{}: {from}", column.address);
                found.push(Finding {
                    owner: column.table.to_string(),
                    name: column.column.clone(),
                    title: format!(
                        "no test tried to leave `{from}` of `{}` in a forbidden way",
                        column.address
                    ),
                    label: "no move from here was refused".to_owned(),
                    ..CHECK.finding(Some(&covered.database), &subject)
                });
            }
        }
    }
    found
}
