//! What the counters of a copy said, as the trace has it.
//!
//! In: the comments of the counters that moved, and statements that the server ran by itself. Out:
//! [`Deep`]: clauses and actions.
//!
//! **Invariant**: what is not understood is left out; nothing is guessed into a clause.

use std::collections::BTreeMap;

use proofmark_catalog::{Catalog, Cell, PromiseId, counted_cell};
use proofmark_pool::{Action, Counts};
use proofmark_trace::{ActionSeen, ClauseSeen, Deep};

/// What `counts` says of a copy of `catalog`.
pub(super) fn deep(catalog: &Catalog, counts: Counts) -> Deep {
    let mut clauses: BTreeMap<(PromiseId, u32), ClauseSeen> = BTreeMap::new();
    let mut left_out = Vec::new();
    for (promise, clause, cell) in counts.cells.iter().filter_map(|comment| counted_cell(comment)) {
        if cell == Cell::LeftOut {
            left_out.push(promise);
            continue;
        }
        let seen = clauses.entry((promise.clone(), clause)).or_insert_with(|| ClauseSeen {
            promise,
            clause,
            as_true: false,
            as_false: false,
            as_null: false,
            at_bound: false,
        });
        match cell {
            Cell::True => seen.as_true = true,
            Cell::False => seen.as_false = true,
            Cell::Null => seen.as_null = true,
            Cell::Bound => seen.at_bound = true,
            Cell::LeftOut => {}
        }
    }
    left_out.sort();
    Deep {
        clauses: clauses.into_values().collect(),
        left_out,
        actions: counts.actions.map(|actions| taken(catalog, &actions)),
    }
}

fn taken(catalog: &Catalog, actions: &[Action]) -> Vec<ActionSeen> {
    let mut taken: BTreeMap<(PromiseId, bool), (u64, u64)> = BTreeMap::new();
    for action in actions {
        for key in catalog.actions_of(&action.statement) {
            let sums = taken.entry((key.promise, key.on_delete)).or_default();
            *sums = (sums.0 + action.calls, sums.1 + action.rows);
        }
    }
    let seen = taken.into_iter();
    seen.map(|((promise, on_delete), (calls, rows))| ActionSeen { promise, on_delete, calls, rows })
        .collect()
}
