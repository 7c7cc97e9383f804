//! The state columns of a coverage.
//!
//! In: what was tried of them. Out: the same as the report has it.
//!
//! **Invariant:** order and counts are the coverage's.

use proofmark_coverage as coverage;
use proofmark_coverage::Coverage;

use crate::{Move, MovesSeen, StateColumn, StateSeen};

pub(super) fn states(coverage: &Coverage) -> Vec<StateColumn> {
    let databases = coverage.databases.iter();
    databases
        .flat_map(|covered| covered.transitions.iter().map(|one| column(&covered.database, one)))
        .collect()
}

fn column(database: &str, covered: &coverage::StateCoverage) -> StateColumn {
    StateColumn {
        database: database.to_owned(),
        address: covered.address.clone(),
        states: (covered.states.iter())
            .map(|one| StateSeen {
                state: one.state.clone(),
                declared: one.declared,
                stored: (&one.stored).into(),
            })
            .collect(),
        states_seen: covered.states_seen,
        moves_declared: covered.moves_declared,
        moves_seen: match covered.moves_seen {
            coverage::MovesSeen::No => MovesSeen::No,
            coverage::MovesSeen::History => MovesSeen::History,
        },
        moves: (covered.moves.iter())
            .map(|one| Move {
                from: one.from.clone(),
                to: one.to.clone(),
                declared: one.declared,
                taken: (&one.taken).into(),
                refused: (&one.refused).into(),
            })
            .collect(),
    }
}
