//! State columns: which states were stored, which moves were taken and refused.
//!
//! In: nothing; the builder fills it. Out: plain values. Main type: [`StateColumn`].
//!
//! **Invariant:** "not seen" and "never" stay apart: whether moves could be seen at all is said
//! beside them.

use proofmark_findings::Tried;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A column that holds a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateColumn {
    /// Its database.
    pub database: String,
    /// Its address, `public.orders.state`.
    pub address: String,
    /// The states: the declared ones in their order, then others that were stored.
    pub states: Vec<StateSeen>,
    /// Whether it was looked which states are stored; otherwise their counts say nothing.
    pub states_seen: bool,
    /// Whether the migrations say which moves are allowed.
    pub moves_declared: bool,
    /// How moves were seen.
    pub moves_seen: MovesSeen,
    /// The declared moves in their order, then others that were taken or refused.
    pub moves: Vec<Move>,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateSeen {
    /// Its name.
    pub state: String,
    /// Whether the migrations declare it.
    pub declared: bool,
    /// Who stored it.
    pub stored: Tried,
}

/// A move from one state to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Move {
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// Whether the migrations allow it; never where they declare no moves.
    pub declared: bool,
    /// Who took it.
    pub taken: Tried,
    /// To whom it was refused by name.
    pub refused: Tried,
}

/// How the moves of a column were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MovesSeen {
    /// Not at all.
    No,
    /// By the rows of the application's own history of moves.
    History,
}

impl StateColumn {
    /// Declared moves that were taken, and how many are declared. `None` where moves could not be
    /// seen, or none are declared.
    pub fn taken(&self) -> Option<(u64, u64)> {
        if !self.moves_declared || self.moves_seen == MovesSeen::No {
            return None;
        }
        let declared = || self.moves.iter().filter(|one| one.declared);
        let taken = declared().filter(|one| one.taken.times > 0).count() as u64;
        Some((taken, declared().count() as u64)).filter(|(_, all)| *all > 0)
    }
}
