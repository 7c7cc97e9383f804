//! A hold: steps that a test has asked to keep until it lets them go.
//!
//! In goes a predicate, out come the steps that it caught. Main type: [`Hold`].
//!
//! **Invariant**: a hold that is dropped holds nothing.

use std::sync::Arc;

use super::handle::{GateError, until};
use super::state::{Command, Shared};
use super::step::Step;

/// Steps that are held by hand. Dropping it lets them go.
#[derive(Debug)]
#[must_use = "a hold that is dropped holds nothing"]
pub struct Hold {
    shared: Arc<Shared>,
    rule: u64,
}

impl Hold {
    pub(super) fn new(shared: Arc<Shared>, holds: super::state::Predicate) -> Self {
        let rule = shared.change(|state| state.rule(holds));
        Self { shared, rule }
    }

    /// Waits until a step is held, and says which.
    ///
    /// # Errors
    /// [`GateError::NotWithin`] when none came for 10 seconds.
    pub async fn reached(&self) -> Result<Step, GateError> {
        until(&self.shared, "a step to be held", |state| state.held_by(self.rule)).await
    }

    /// Lets everything go that is held now, and goes on holding what comes.
    pub fn let_go(&self) {
        self.tell(Command::Go);
    }

    /// Lets everything go and holds nothing more.
    pub fn release(self) {
        drop(self);
    }

    /// Closes the connections of what is held: the server never sees the step. What comes later is
    /// not held.
    pub fn cut(self) {
        self.tell(Command::Cut);
    }

    /// Lets the server do what is held, then closes the connections: the client never learns how it
    /// went. What comes later is not held.
    pub fn run_and_cut(self) {
        self.tell(Command::RunAndCut);
    }

    fn tell(&self, command: Command) {
        self.shared.change(|state| state.tell_held(self.rule, command));
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shared.change(|state| {
            state.rules.retain(|rule| rule.id != self.rule);
            state.tell_held(self.rule, Command::Go);
        });
    }
}
