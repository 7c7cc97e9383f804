//! What was tried of the state columns.
//!
//! In: nothing; [`cover`](crate::cover) fills it. Out: plain values. Main type: [`StateCoverage`].
//!
//! **Invariant**: a move is in the list if the migrations declare it or if it was seen; whether
//! moves can be seen at all is said beside the list, so that "not seen" is never read as "never".

use proofmark_catalog::{StateSource, TableName};
use serde::{Deserialize, Serialize};

use super::Tried;

/// What was tried of one state column.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct StateCoverage {
    /// Its address, `public.order.state`.
    pub address: String,
    /// Its table.
    pub table: TableName,
    /// Its name.
    pub column: String,
    /// What says which states there are.
    pub from: StateSource,
    /// The states: the declared ones in their order, then others that were stored.
    pub states: Vec<StateStored>,
    /// Whether it was looked which states are stored; otherwise the counts above say nothing.
    pub states_seen: bool,
    /// Whether the migrations say which moves are allowed. If not, `moves` holds those that were
    /// seen and no more.
    pub moves_declared: bool,
    /// The declared moves in their order, then others that were taken or refused.
    pub moves: Vec<MoveCoverage>,
    /// How moves were seen.
    pub moves_seen: MovesSeen,
}

/// A state, and who stored it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct StateStored {
    /// The state.
    pub state: String,
    /// Whether the migrations declare it.
    pub declared: bool,
    /// Tests whose database held a new or changed row in this state when they ended; times counts
    /// the leases. A row in a state that it left again, or that was rolled back, is not seen.
    pub stored: Tried,
}

/// A move from one state to another.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct MoveCoverage {
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// Whether the migrations allow it. Always `false` where they declare no moves.
    pub declared: bool,
    /// Times and tests that took it.
    pub taken: Tried,
    /// Times and tests to which it was refused by name.
    pub refused: Tried,
}

/// How the moves of a column were seen.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum MovesSeen {
    /// Not at all: nothing can be said about moves that are not in the list.
    #[default]
    No,
    /// By the rows of the application's own history of moves. Moves that were rolled back are not
    /// seen.
    History,
}
