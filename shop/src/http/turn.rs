//! Turns at a thing that many ask for at the same moment.
//!
//! In: the id of the thing. Out: a turn, which ends when it is dropped. Those who wait for one wait
//! in memory, and not with a connection in a queue for a row's lock.
//!
//! **Invariant**: a turn spares work and decides nothing: other instances know nothing of it, and
//! things whose ids fall together share one.

use std::hash::{BuildHasher as _, RandomState};

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// How many turns can be taken at the same time.
const TURNS: usize = 256;

/// Turns at things.
#[derive(Debug)]
pub(crate) struct Turns {
    places: Box<[Mutex<()>]>,
    order: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        let places = (0..TURNS).map(|_| Mutex::default()).collect();
        Self { places, order: RandomState::new() }
    }
}

impl Turns {
    fn place(&self, of: Uuid) -> &Mutex<()> {
        // The remainder is smaller than the number of places.
        let number = self.order.hash_one(of) % TURNS as u64;
        &self.places[usize::try_from(number).unwrap_or_default()]
    }

    /// A turn, if nobody has it.
    pub(crate) fn take_at_once(&self, of: Uuid) -> Option<MutexGuard<'_, ()>> {
        self.place(of).try_lock().ok()
    }

    /// A turn, as soon as those who came before have ended theirs.
    pub(crate) async fn take(&self, of: Uuid) -> MutexGuard<'_, ()> {
        self.place(of).lock().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_one_persons_until_it_ends() {
        let turns = Turns::default();
        let thing = Uuid::from_u128(7);
        let turn = turns.take_at_once(thing);
        assert!(turn.is_some());
        assert!(turns.take_at_once(thing).is_none());
        drop(turn);
        assert!(turns.take_at_once(thing).is_some());
    }

    #[test]
    fn other_things_have_turns_of_their_own() {
        let turns = Turns::default();
        let first = turns.take_at_once(Uuid::from_u128(0));
        assert!(first.is_some());
        // Some of them share the place; nearly all do not.
        let free = (1..=100).filter(|id| turns.take_at_once(Uuid::from_u128(*id)).is_some());
        assert!(free.count() > 50);
    }
}
