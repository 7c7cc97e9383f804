//! State columns: what was stored, which moves were taken and refused.
//!
//! In: what one lease after the other left. Out: [`StateCoverage`]. Main type: [`States`].
//!
//! **Invariant**: a move counts for every column whose states its table of moves is about.

use std::collections::{BTreeMap, HashMap};

use proofmark_catalog::{Catalog, PromiseId, StateColumn, state_address};
use proofmark_trace::{RefusedMove, RowsLeft};

use crate::model::{Looked, MoveCoverage, MovesSeen, StateCoverage, StateStored};
use crate::tally::Tally;
use crate::tests_seen::{Roll, TestNumber};

/// States or moves that are kept of one column besides the declared ones.
const UNDECLARED_MAX: usize = 200;

#[derive(Default)]
pub(super) struct States<'a> {
    columns: BTreeMap<String, OfColumn<'a>>,
    /// From a history's foreign key to the columns that its moves are about.
    histories: HashMap<&'a PromiseId, Vec<String>>,
}

struct OfColumn<'a> {
    column: &'a StateColumn,
    states: BTreeMap<&'a str, Tally>,
    /// Taken and refused.
    moves: BTreeMap<(&'a str, &'a str), (Tally, Tally)>,
}

impl<'a> States<'a> {
    pub(super) fn know(&mut self, catalog: &'a Catalog) {
        for column in &catalog.state_columns {
            let address = state_address(&column.table, &column.column);
            let histories = column.transitions.iter().flat_map(|known| &known.histories);
            for history in histories {
                let about = self.histories.entry(&history.promise).or_default();
                if !about.contains(&address) {
                    about.push(address.clone());
                }
            }
            self.columns.entry(address).or_insert_with(|| OfColumn {
                column,
                states: BTreeMap::new(),
                moves: BTreeMap::new(),
            });
        }
    }

    pub(super) fn left(&mut self, left: &'a RowsLeft, test: Option<TestNumber>) {
        for stored in &left.states {
            let Some(column) = self.columns.get_mut(&stored.column) else { continue };
            for state in &stored.states {
                column.stored(state, test);
            }
        }
        for made in &left.moves {
            for address in self.histories.get(&made.promise).into_iter().flatten() {
                let Some(column) = self.columns.get_mut(address) else { continue };
                for (from, to) in &made.moves {
                    if let Some((taken, _)) = column.of_move(from, to) {
                        taken.add(1, test);
                    }
                }
            }
        }
    }

    pub(super) fn refused(&mut self, refused: &'a RefusedMove, test: Option<TestNumber>) {
        for address in self.histories.get(&refused.promise).into_iter().flatten() {
            let column = self.columns.get_mut(address);
            let cell = column.and_then(|column| column.of_move(&refused.from, &refused.to));
            if let Some((_, tally)) = cell {
                tally.add(refused.times, test);
            }
        }
    }

    pub(super) fn finish(self, looked: Looked, roll: &Roll<'_>) -> Vec<StateCoverage> {
        let columns = self.columns.into_iter();
        columns.map(|(address, column)| column.finish(address, looked, roll)).collect()
    }
}

impl<'a> OfColumn<'a> {
    fn stored(&mut self, state: &'a str, test: Option<TestNumber>) {
        let is_declared = self.column.states.iter().any(|declared| declared == state);
        if is_declared || self.states.contains_key(state) || self.states.len() < UNDECLARED_MAX {
            self.states.entry(state).or_default().add(1, test);
        }
    }

    fn of_move(&mut self, from: &'a str, to: &'a str) -> Option<&mut (Tally, Tally)> {
        let bound = UNDECLARED_MAX + self.column.transitions.as_ref().map_or(0, |t| t.moves.len());
        if self.moves.len() >= bound && !self.moves.contains_key(&(from, to)) {
            return None;
        }
        Some(self.moves.entry((from, to)).or_default())
    }

    fn finish(mut self, address: String, looked: Looked, roll: &Roll<'_>) -> StateCoverage {
        let column = self.column;
        let declared = column.states.iter().map(|state| (state.clone(), true));
        let mut states: Vec<StateStored> = declared
            .map(|(state, declared)| {
                let stored = self.states.remove(state.as_str()).unwrap_or_default().finish(roll);
                StateStored { state, declared, stored }
            })
            .collect();
        states.extend(self.states.into_iter().map(|(state, tally)| StateStored {
            state: state.to_owned(),
            declared: false,
            stored: tally.finish(roll),
        }));
        let transitions = column.transitions.as_ref();
        let mut moves = Vec::new();
        let move_of = |(from, to): (&str, &str), declared, (taken, refused): (Tally, Tally)| {
            let (taken, refused) = (taken.finish(roll), refused.finish(roll));
            MoveCoverage { from: from.to_owned(), to: to.to_owned(), declared, taken, refused }
        };
        for (from, to) in transitions.into_iter().flat_map(|known| &known.moves) {
            let key = (from.as_str(), to.as_str());
            let seen = self.moves.remove(&key).unwrap_or_default();
            moves.push(move_of(key, true, seen));
        }
        moves.extend(self.moves.into_iter().map(|(key, seen)| move_of(key, false, seen)));
        let has_history = transitions.is_some_and(|known| !known.histories.is_empty());
        StateCoverage {
            address,
            table: column.table.clone(),
            column: column.column.clone(),
            from: column.from.clone(),
            states,
            states_seen: looked.rows,
            moves_declared: transitions.is_some(),
            moves,
            moves_seen: if looked.rows && has_history { MovesSeen::History } else { MovesSeen::No },
        }
    }
}
