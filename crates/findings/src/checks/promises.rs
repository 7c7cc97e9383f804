//! What the checks about single promises share: they ask every promise of a state.
//!
//! In: a finished run and a state. Out: findings, by kind and then the most used first.
//!
//! **Invariant:** a promise has one state, so at most one of these checks reports it.

use std::cmp::Reverse;

use super::Check;
use crate::subject::Words;
use crate::{Finding, Finished, State, Subject};

/// The promises of a state in the words of a check. Rarer kinds of promise come last; of equal
/// ones the promise that most rows pass is the worst.
pub(super) fn of_state(
    finished: &Finished<'_>,
    check: &Check,
    state: State,
    words: impl Fn(&Subject<'_>) -> Words,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for database in &finished.databases {
        for subject in database.subjects.iter().filter(|subject| subject.state == state) {
            let finding = subject.finding(check, database, words(subject));
            found.push((subject.kind(), Reverse(subject.accepted.times), finding));
        }
    }
    found.sort_by(|a, b| (a.0, a.1, &a.2.subject).cmp(&(b.0, b.1, &b.2.subject)));
    found.into_iter().map(|(_, _, finding)| finding).collect()
}
