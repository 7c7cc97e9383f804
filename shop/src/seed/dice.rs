//! Chance that is the same every time: a clock that walks, and ids and choices from a number.

use std::sync::Mutex;
use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::context::{Clock, IdSource};

/// SplitMix64: one number after the other, of which the first decides all.
#[derive(Debug)]
pub(super) struct Dice(Mutex<u64>);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    pub(super) fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 for an `end` of 0.
    pub(super) fn below(&self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    /// A number of a range, both ends included.
    pub(super) fn between(&self, from: i64, to: i64) -> i64 {
        let width = to.abs_diff(from).saturating_add(1);
        from.saturating_add(i64::try_from(self.next() % width).unwrap_or(0))
    }

    /// One of these.
    pub(super) fn of<'a>(&self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len())).copied().unwrap_or_default()
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(super) struct Walk(Mutex<DateTime<Utc>>);

impl Walk {
    pub(super) fn from(begin: DateTime<Utc>) -> Self {
        Self(Mutex::new(begin))
    }

    pub(super) fn on(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Moves to a time, never back.
    pub(super) fn to(&self, time: DateTime<Utc>) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = time.max(*now);
    }
}

impl Clock for Walk {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids of version 7 whose random part comes from the dice.
#[derive(Debug)]
pub(super) struct Ids(Dice);

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self(Dice::new(seed ^ 0x6964_7321))
    }
}

impl IdSource for Ids {
    fn next(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let mut random = [0; 10];
        for (byte, random) in random.iter_mut().enumerate() {
            // Eight bytes of one number, two of the next, would do as well.
            *random = self.0.next().to_le_bytes()[byte % 8];
        }
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_choices() {
        let (one, two, other) = (Dice::new(7), Dice::new(7), Dice::new(8));
        let take = |dice: &Dice| (0..100).map(|_| dice.below(1000)).collect::<Vec<_>>();
        let first = take(&one);
        assert_eq!(first, take(&two));
        assert_ne!(first, take(&other));
        assert!((0..1000).all(|_| (-3..=3).contains(&one.between(-3, 3))));
        assert_eq!(one.below(0), 0);
    }
}
