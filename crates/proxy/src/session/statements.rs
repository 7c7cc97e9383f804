//! What statements a lease ran, and what they came to.
//!
//! In: the end of one statement after the other. Out: [`Statements`], by shape: calls, rows, time.
//!
//! **Invariant**: shapes only, never a text with its literals; at most [`SHAPES_MAX`] of them per
//! lease, the calls of further ones are only counted.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use proofmark_wire::{Strings, nth_statement, statement_shape};

use crate::StatementSeen;

/// Shapes that are kept of one lease.
const SHAPES_MAX: usize = 512;
/// Texts that are remembered, so that a shape is made once.
const TEXTS_MAX: usize = 4096;
/// Shapes that are told of one lease, for each reason: time, calls.
const TOLD_MAX: usize = 24;
/// Executions in a row from which a statement is told whatever it cost.
const IN_A_ROW_TOLD: u64 = 10;

/// Beginnings of the tags of commands that are no work of their own.
const CONTROL: [&[u8]; 9] = [
    b"BEGIN",
    b"START",
    b"COMMIT",
    b"ROLLBACK",
    b"SAVEPOINT",
    b"RELEASE",
    b"SET",
    b"DISCARD",
    b"DEALLOCATE",
];

/// The statements of one lease.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    hasher: RandomState,
    by_text: HashMap<u64, usize>,
    by_shape: HashMap<String, usize>,
    all: Vec<StatementSeen>,
    left_out: u64,
}

/// How a statement ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended<'a> {
    /// The text that held it, and how many statements of the text had ended before.
    pub(super) text: &'a [u8],
    pub(super) completed: usize,
    pub(super) strings: Strings,
    /// Its command tag; none where it failed.
    pub(super) tag: Option<&'a [u8]>,
    pub(super) rows: Option<u64>,
}

/// What a session is at.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// When the first of the statements was sent that the server has not answered.
    sent: Option<Instant>,
    /// When the last statement ended.
    ended: Option<Instant>,
    /// The statement that ended last, and how often in a row with one row.
    last: Option<(usize, u64)>,
}

impl Clock {
    #[inline]
    pub(super) fn sent(&mut self) {
        if self.sent.is_none() {
            self.sent = Some(Instant::now());
        }
    }

    #[inline]
    pub(super) fn ready(&mut self) {
        self.sent = None;
    }

    /// How long the statement took that ends now: since it was sent, or since the one before it in
    /// the pipeline had ended.
    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let began = self.sent.max(self.ended);
        self.ended = Some(now);
        began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began))
    }

    /// The statement in `place` has ended; how often in a row for one row.
    fn in_a_row(&mut self, place: usize, is_lookup: bool) -> u64 {
        let times = match self.last {
            _ if !is_lookup => 0,
            Some((last, times)) if last == place => times + 1,
            _ => 1,
        };
        self.last = is_lookup.then_some((place, times));
        times
    }
}

impl Statements {
    /// Takes note of the end of a statement.
    pub(super) fn ended(&mut self, clock: &mut Clock, ended: Ended<'_>) {
        let elapsed = clock.lap();
        if ended.tag.is_some_and(|tag| CONTROL.iter().any(|control| tag.starts_with(control))) {
            return;
        }
        let Some(place) = self.place(&ended) else {
            self.left_out += 1;
            clock.last = None;
            return;
        };
        let is_lookup = ended.tag.is_some_and(|tag| tag.starts_with(b"SELECT"))
            && ended.rows.is_some_and(|rows| rows <= 1);
        let in_a_row = clock.in_a_row(place, is_lookup);
        let seen = &mut self.all[place];
        seen.calls += 1;
        seen.rows += ended.rows.unwrap_or(0);
        seen.elapsed_us += u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        seen.failed += u64::from(ended.tag.is_none());
        seen.without_rows += u64::from(ended.rows == Some(0));
        seen.in_a_row_max = seen.in_a_row_max.max(in_a_row);
    }

    fn place(&mut self, ended: &Ended<'_>) -> Option<usize> {
        let Ended { text, completed, strings, .. } = *ended;
        let key = self.hasher.hash_one((text, completed, strings == Strings::Standard));
        if let Some(place) = self.by_text.get(&key) {
            return Some(*place);
        }
        let shape = statement_shape(nth_statement(text, completed, strings), strings);
        let place = match self.by_shape.get(&shape) {
            Some(place) => *place,
            None if self.all.len() == SHAPES_MAX => return None,
            None => {
                let place = self.all.len();
                self.by_shape.insert(shape.clone(), place);
                self.all.push(StatementSeen { shape, ..StatementSeen::default() });
                place
            }
        };
        if self.by_text.len() == TEXTS_MAX {
            self.by_text.clear();
        }
        self.by_text.insert(key, place);
        Some(place)
    }

    /// Those that took the most time, those that were called most, and those that failed, came
    /// often in a row or had a conflict; and how many calls the others had.
    pub(crate) fn told(self) -> (Vec<StatementSeen>, u64) {
        let Self { mut all, mut left_out, .. } = self;
        let is_special = |seen: &StatementSeen| {
            seen.failed > 0 || seen.in_a_row_max >= IN_A_ROW_TOLD || seen.has_on_conflict()
        };
        all.sort_by_key(|seen| std::cmp::Reverse(seen.calls));
        let rest = all.split_off(all.len().min(TOLD_MAX));
        let (special, mut rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_special);
        rest.sort_by_key(|seen| std::cmp::Reverse(seen.elapsed_us));
        left_out += rest.iter().skip(TOLD_MAX).map(|seen| seen.calls).sum::<u64>();
        all.extend(special);
        all.extend(rest.into_iter().take(TOLD_MAX));
        (all, left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended<'a>(text: &'a str, tag: Option<&'a str>, rows: Option<u64>) -> Ended<'a> {
        let (text, tag) = (text.as_bytes(), tag.map(str::as_bytes));
        Ended { text, completed: 0, strings: Strings::Standard, tag, rows }
    }

    #[test]
    fn statements_that_differ_in_their_literals_are_one() {
        let (mut statements, mut clock) = (Statements::default(), Clock::default());
        for id in 0..12 {
            let text = format!("select * from t where id = {id}");
            statements.ended(&mut clock, ended(&text, Some("SELECT 1"), Some(1)));
        }
        statements.ended(&mut clock, ended("begin", Some("BEGIN"), None));
        statements.ended(&mut clock, ended("insert into t values (1)", None, None));
        let (told, left_out) = statements.told();
        let shown: Vec<_> = told
            .iter()
            .map(|seen| (seen.shape.as_str(), seen.calls, seen.in_a_row_max, seen.failed))
            .collect();
        assert_eq!(
            shown,
            [("select * from t where id = ?", 12, 12, 0), ("insert into t values (?)", 1, 0, 1)]
        );
        assert_eq!(left_out, 0);
    }

    #[test]
    fn what_is_in_between_ends_a_row() {
        let (mut statements, mut clock) = (Statements::default(), Clock::default());
        for text in ["select 1", "select 1", "select now()", "select 1"] {
            statements.ended(&mut clock, ended(text, Some("SELECT 1"), Some(1)));
        }
        let (told, _) = statements.told();
        assert_eq!(told[0].in_a_row_max, 2);
        assert_eq!(told[0].calls, 3);
    }

    #[test]
    fn shapes_beyond_the_bound_are_counted() {
        let (mut statements, mut clock) = (Statements::default(), Clock::default());
        for column in 0..600 {
            let text = format!("select c{column} from t");
            statements.ended(&mut clock, ended(&text, Some("SELECT 2"), Some(2)));
        }
        let (told, left_out) = statements.told();
        assert_eq!(told.len(), 2 * TOLD_MAX);
        assert_eq!(left_out + told.iter().map(|seen| seen.calls).sum::<u64>(), 600);
    }
}
