//! Databases that are ready to be handed out, and those who wait for one.
//!
//! In: slots, made or made pristine again by somebody else. Out: one at a time, to whoever asked
//! first.
//!
//! **Invariant**: counts and keeps; makes no database and drops none.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::lease::LeaseError;
use crate::slot::Slot;

type Waiter = oneshot::Sender<Result<Slot, LeaseError>>;

/// The databases of one pool.
#[derive(Debug)]
pub(crate) struct Stock {
    state: Mutex<State>,
    /// Databases that there are to be, tested or not, once somebody has asked for one.
    wanted: usize,
    /// Idle databases that are kept.
    idle_max: usize,
    /// Whether a database comes back after its test.
    reused: bool,
}

#[derive(Debug, Default)]
struct State {
    ready: Vec<Slot>,
    waiting: VecDeque<Waiter>,
    /// Being made, or made pristine.
    coming: usize,
    /// Held by tests.
    out: usize,
    asked: bool,
    closed: bool,
}

/// What is to become of a slot that nobody takes.
#[derive(Debug)]
pub(crate) enum Arrived {
    Kept,
    /// There are enough, or nobody will ask again.
    Surplus(Slot),
}

impl Stock {
    pub(crate) fn new(wanted: usize, idle_max: usize, reused: bool) -> Self {
        Self { state: Mutex::default(), wanted, idle_max: idle_max.max(wanted), reused }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slot that became ready last, or where to wait for one: the less was written since on the
    /// server, the less there is to read when it comes back, and its connections are still warm.
    pub(crate) fn take(&self) -> Result<Slot, oneshot::Receiver<Result<Slot, LeaseError>>> {
        let mut state = self.state();
        state.asked = true;
        if let Some(slot) = state.ready.pop() {
            state.out += 1;
            return Ok(slot);
        }
        let (waiter, waiting) = oneshot::channel();
        if state.closed {
            drop(waiter.send(Err(LeaseError::Closed)));
        } else {
            state.waiting.push_back(waiter);
        }
        Err(waiting)
    }

    /// How many databases have to be made now; they count as coming from here on.
    pub(crate) fn to_make(&self) -> usize {
        let mut state = self.state();
        if state.closed {
            return 0;
        }
        let waiting = state.waiting.iter().filter(|waiter| !waiter.is_closed()).count();
        // One is there when the first test asks; the others cost nothing where nobody ever does.
        let wanted = if state.asked { self.wanted } else { self.wanted.min(1) };
        let there = state.ready.len() + state.coming + if self.reused { state.out } else { 0 };
        let for_waiting = waiting.saturating_sub(state.coming);
        let ahead = if self.reused { wanted } else { wanted + waiting };
        let count = for_waiting.max(ahead.saturating_sub(there));
        state.coming += count;
        count
    }

    /// A test no longer holds its database, which is being made pristine if `coming`.
    pub(crate) fn back(&self, coming: bool) {
        let mut state = self.state();
        state.out -= 1;
        state.coming += usize::from(coming);
    }

    /// One that was coming will not; whoever waits longest is told why, if it is said.
    pub(crate) fn failed(&self, why: Option<LeaseError>) {
        let mut state = self.state();
        state.coming -= 1;
        let Some(mut why) = why else { return };
        while let Some(waiter) = state.waiting.pop_front() {
            match waiter.send(Err(why)) {
                Err(Err(unheard)) => why = unheard,
                Ok(()) | Err(Ok(_)) => return,
            }
        }
    }

    /// One that was coming is there.
    pub(crate) fn arrived(&self, mut slot: Slot) -> Arrived {
        let mut state = self.state();
        state.coming -= 1;
        if state.closed {
            return Arrived::Surplus(slot);
        }
        while let Some(waiter) = state.waiting.pop_front() {
            match waiter.send(Ok(slot)) {
                Ok(()) => {
                    state.out += 1;
                    return Arrived::Kept;
                }
                Err(Ok(unheard)) => slot = unheard,
                Err(Err(_)) => return Arrived::Kept,
            }
        }
        if state.ready.len() >= self.idle_max {
            return Arrived::Surplus(slot);
        }
        state.ready.push(slot);
        Arrived::Kept
    }

    /// Hands out nothing more; what is ready now.
    pub(crate) fn close(&self) -> Vec<Slot> {
        let mut state = self.state();
        state.closed = true;
        for waiter in state.waiting.drain(..) {
            drop(waiter.send(Err(LeaseError::Closed)));
        }
        state.ready.drain(..).collect()
    }
}
