//! A schedule and its replay token.
//!
//! In goes a token such as `a3b*a*`, out come turns; at run time, out comes who is next.
//!
//! **Invariant**: the token of a schedule is the schedule: parsing what was printed gives it back.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use proofmark_proxy::gate::Actor;

/// One actor's turn: so many steps, or all until it is done or waits for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    actor: Actor,
    steps: Option<usize>,
}

/// An order in which the steps of two calls are run.
///
/// Written as a *replay token*: `a3b*a*` lets `a` run three steps (its beginning is the first),
/// then `b` until it is done or waits for a lock, then `a` likewise. Whatever is left behind the
/// last turn is run without a switch that is not needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    turns: Vec<Turn>,
}

/// A text that is no replay token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{token}` is no replay token; one looks like a3b*a*")]
pub struct ScheduleError {
    token: String,
}

impl Schedule {
    /// `first` to its end, then the other.
    pub(super) fn serial(first: Actor) -> Self {
        Self { turns: vec![all(first), all(other(first))] }
    }

    /// `first` runs so many steps, then the other, then `first` again.
    pub(super) fn preempting(first: Actor, steps: usize) -> Self {
        let turns = vec![Turn { actor: first, steps: Some(steps) }, all(other(first)), all(first)];
        Self { turns }
    }
}

/// The one that is not `actor`.
pub(super) fn other(actor: Actor) -> Actor {
    Actor(1 - actor.0)
}

fn all(actor: Actor) -> Turn {
    Turn { actor, steps: None }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.turns.iter().try_for_each(|turn| match turn.steps {
            Some(steps) => write!(formatter, "{}{steps}", turn.actor),
            None => write!(formatter, "{}*", turn.actor),
        })
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(token: &str) -> Result<Self, ScheduleError> {
        let refuse = || ScheduleError { token: token.to_owned() };
        let mut turns = Vec::new();
        let mut rest = token.trim();
        while let Some(letter) = rest.chars().next() {
            let actor = match letter {
                'a' => Actor(0),
                'b' => Actor(1),
                _ => return Err(refuse()),
            };
            let end = rest[1..].find(['a', 'b']).map_or(rest.len(), |end| end + 1);
            let steps = match &rest[1..end] {
                "*" => None,
                number => Some(number.parse().map_err(|_| refuse())?),
            };
            turns.push(Turn { actor, steps });
            rest = &rest[end..];
        }
        if turns.is_empty() { Err(refuse()) } else { Ok(Self { turns }) }
    }
}

/// Says who is next while a schedule is run.
#[derive(Debug)]
pub(super) struct Turns {
    left: VecDeque<Turn>,
    last: Actor,
}

impl Turns {
    pub(super) fn new(schedule: &Schedule) -> Self {
        let last = schedule.turns.first().map_or(Actor(0), |turn| turn.actor);
        Self { left: schedule.turns.iter().copied().collect(), last }
    }

    /// The actor whose step is next; one of those that may go on.
    pub(super) fn next(&mut self, may_go_on: [bool; 2]) -> Actor {
        while let Some(turn) = self.left.front_mut() {
            if !may_go_on[turn.actor.0] || turn.steps == Some(0) {
                self.left.pop_front();
                continue;
            }
            if let Some(steps) = &mut turn.steps {
                *steps -= 1;
            }
            self.last = turn.actor;
            return self.last;
        }
        if !may_go_on[self.last.0] {
            self.last = other(self.last);
        }
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_as_it_was_written() {
        for token in ["a*b*", "b12a*b*", "a1b1a2b*"] {
            let schedule: Schedule = token.parse().unwrap();
            assert_eq!(schedule.to_string(), token);
        }
        assert_eq!(Schedule::preempting(Actor(1), 3).to_string(), "b3a*b*");
        assert_eq!(Schedule::serial(Actor(0)).to_string(), "a*b*");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for token in ["", "a", "c1", "a1b", "1", "a-1", "a**", "ä1"] {
            assert!(token.parse::<Schedule>().is_err(), "{token}");
        }
    }

    #[test]
    fn a_turn_ends_when_its_actor_cannot_go_on() {
        let mut turns = Turns::new(&"a2b*a*".parse().unwrap());
        let both = [true, true];
        let picked: Vec<_> = (0..4).map(|_| turns.next(both).0).collect();
        assert_eq!(picked, [0, 0, 1, 1]);
        assert_eq!(turns.next([true, false]), Actor(0), "b waits");
        assert_eq!(turns.next(both), Actor(0), "b could go on, but a's turn has begun");
        assert_eq!(turns.next([false, true]), Actor(1), "a is done");
    }
}
