//! Lets the steps of two calls go in the order of a schedule.
//!
//! In go a gate, a schedule, and the calls' own word that they have ended. Out comes who was let go
//! in which order, or why nobody could be.
//!
//! Before each choice it waits until nobody runs: every call has ended, or has a step that is held,
//! or waits for a lock. So there is one thing going on at a time, and the same schedule gives the
//! same execution.
//!
//! **Invariant**: a call that waits for a lock is never chosen, so that no schedule is impossible.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use proofmark_proxy::gate::{Actor, Gate, Phase};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use super::schedule::{Schedule, Turns, other};

/// More steps than that are a loop.
const STEPS_MAX: usize = 2_000;
/// How long a transaction that a call left open may take to be rolled back by its pool.
const LEFT_OPEN: Duration = Duration::from_millis(250);

pub(super) const ACTORS: [Actor; 2] = [Actor(0), Actor(1)];

/// What the conductor and one call tell each other.
#[derive(Debug, Default)]
pub(super) struct Cue {
    pub(super) start: Notify,
    pub(super) is_done: Cell<bool>,
}

/// Somebody was let go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pick {
    pub(super) actor: Actor,
    /// It was its beginning, with so many steps let go before.
    pub(super) began: Option<usize>,
    /// The other could have gone on instead, and had been going.
    pub(super) preempts: bool,
}

/// Why a schedule did not come to its end.
#[derive(Debug)]
pub(super) struct Stuck(pub(super) String);

#[derive(Debug)]
pub(super) struct Conductor<'a> {
    pub(super) gate: &'a Gate,
    pub(super) cues: &'a [Cue; 2],
    /// A call has ended.
    pub(super) ended: &'a Notify,
    pub(super) patience: Duration,
    pub(super) picks: &'a RefCell<Vec<Pick>>,
}

impl Conductor<'_> {
    pub(super) async fn run(&self, schedule: &Schedule) -> Result<(), Stuck> {
        let mut turns = Turns::new(schedule);
        let mut started = [false; 2];
        let mut changes = self.gate.changes();
        for _ in 0..STEPS_MAX {
            let Some(may_go_on) = self.quiet(&mut changes, started).await? else { return Ok(()) };
            let actor = turns.next(may_go_on);
            let began = (!started[actor.0]).then(|| self.gate.happened().len());
            let mut picks = self.picks.borrow_mut();
            let last = picks.last().map(|pick| pick.actor);
            let preempts = last == Some(other(actor)) && may_go_on[other(actor).0];
            picks.push(Pick { actor, began, preempts });
            drop(picks);
            if began.is_some() {
                started[actor.0] = true;
                self.cues[actor.0].start.notify_one();
            } else {
                self.gate.go(actor);
            }
        }
        Err(Stuck(format!("{STEPS_MAX} steps were let go and the calls have not ended")))
    }

    /// Waits until nobody runs; who may go on, or nothing when both calls have ended.
    async fn quiet(
        &self,
        changes: &mut watch::Receiver<u64>,
        started: [bool; 2],
    ) -> Result<Option<[bool; 2]>, Stuck> {
        let begun = Instant::now();
        loop {
            changes.mark_unchanged();
            let states = ACTORS.map(|actor| self.state(actor, started[actor.0], begun));
            let may_go_on = states.map(|state| state == Readiness::Ready);
            if states == [Readiness::Done; 2] {
                return Ok(None);
            }
            if !states.contains(&Readiness::Running) && may_go_on.contains(&true) {
                return Ok(Some(may_go_on));
            }
            let is_leaving = states.contains(&Readiness::Running)
                && ACTORS.iter().any(|actor| self.cues[actor.0].is_done.get());
            let until = if is_leaving && begun.elapsed() < LEFT_OPEN {
                begun + LEFT_OPEN
            } else {
                begun + self.patience
            };
            let woken = timeout_at(until, async {
                tokio::select! {
                    _ = changes.changed() => {}
                    () = self.ended.notified() => {}
                }
            });
            drop(woken.await);
            if begun.elapsed() >= self.patience {
                return Err(self.stuck(started));
            }
        }
    }

    fn state(&self, actor: Actor, is_started: bool, since: Instant) -> Readiness {
        if !is_started {
            return Readiness::Ready;
        }
        let is_done = self.cues[actor.0].is_done.get();
        if is_done {
            self.gate.hold_all(actor, false);
        }
        match self.gate.phase(actor) {
            Phase::Held(_) | Phase::Answered(_) if is_done => {
                self.gate.go(actor);
                Readiness::Running
            }
            Phase::Away { in_transaction: true } if is_done && since.elapsed() < LEFT_OPEN => {
                Readiness::Running
            }
            Phase::Away { .. } | Phase::Blocked(_) if is_done => Readiness::Done,
            Phase::Held(_) | Phase::Answered(_) => Readiness::Ready,
            Phase::Blocked(_) => Readiness::Waiting,
            Phase::Away { .. } | Phase::Working(_) => Readiness::Running,
        }
    }

    fn stuck(&self, started: [bool; 2]) -> Stuck {
        let of = |actor: Actor| {
            let what = match self.gate.phase(actor) {
                _ if !started[actor.0] => "has not begun".to_owned(),
                _ if self.cues[actor.0].is_done.get() => "has ended".to_owned(),
                Phase::Away { .. } => "waits for something that is not in the database".to_owned(),
                Phase::Working(step) => format!("is still at: {step}"),
                Phase::Blocked(step) => format!("waits for a lock at: {step}"),
                Phase::Held(step) | Phase::Answered(step) => format!("is held at: {step}"),
            };
            format!("{actor} {what}")
        };
        let [a, b] = ACTORS.map(of);
        Stuck(format!("nobody could go on for {:?}: {a}; {b}", self.patience))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readiness {
    /// Its next step may be let go.
    Ready,
    /// It runs, here or on the server.
    Running,
    /// It waits for a lock.
    Waiting,
    Done,
}
