//! What every session of the gate is doing, for whoever decides what may go on.
//!
//! In go notes of the sessions and of the monitor, out come phases and the log of steps. Main type:
//! [`Shared`], which the gate's thread and its owner both hold.
//!
//! **Invariant**: a change is made and told under one lock, so nobody sees half of it; nothing is
//! waited for while it is held.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, watch};

use super::step::{Actor, Ending, Happened, Step};

/// What an actor is doing, as far as the gate can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Nothing of it is here: its own code runs, or it has ended.
    Away {
        /// It has left a transaction open.
        in_transaction: bool,
    },
    /// A step waits to be let go.
    Held(Step),
    /// The server works for it.
    Working(Step),
    /// The server waits for a lock of another session of the gate.
    Blocked(Step),
    /// A step that was blocked has ended, and its answer waits to be delivered.
    Answered(Step),
}

/// What a session is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// Let the step go, or deliver the answer.
    Go,
    /// Close the connection instead of letting the step go.
    Cut,
    /// Let the step go and close the connection instead of delivering the answer.
    RunAndCut,
}

/// Which steps a hold holds.
pub(super) type Predicate = Arc<dyn Fn(&Step) -> bool + Send + Sync>;

#[derive(Debug, Default)]
pub(super) enum At {
    #[default]
    Away,
    Passing,
    Held,
    Working {
        since: Instant,
        /// When the server first said that it waits.
        suspected: Option<Instant>,
    },
    Blocked,
    Answered,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) actor: Actor,
    pub(super) pid: i32,
    pub(super) at: At,
    pub(super) step: Option<Step>,
    /// The hold that holds the step.
    pub(super) held_by: Option<u64>,
    in_transaction: bool,
    /// Where the step is in the log.
    logged: Option<usize>,
    /// When the step was held, to let the oldest go first.
    arrived: u64,
    commands: UnboundedSender<Command>,
}

pub(super) struct Rule {
    pub(super) id: u64,
    holds: Predicate,
}

/// Everything that is known.
#[derive(Default)]
pub(super) struct State {
    /// Whether all steps of an actor are held.
    pub(super) held: Vec<bool>,
    pub(super) sessions: BTreeMap<u64, Session>,
    pub(super) rules: Vec<Rule>,
    pub(super) log: Vec<Happened>,
    next: u64,
}

/// The state and who is to be told of changes.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) changed: watch::Sender<u64>,
    /// The monitor has something to look at.
    pub(super) look: Notify,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(actors: usize) -> Self {
        let state = State { held: vec![false; actors], ..State::default() };
        Self { state: Mutex::new(state), changed: watch::Sender::new(0), look: Notify::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and tells everybody.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.changed.send_modify(|version| *version += 1);
        self.look.notify_one();
        changed
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn open(&mut self, actor: Actor, commands: UnboundedSender<Command>) -> u64 {
        let id = self.number();
        let session = Session {
            actor,
            pid: 0,
            at: At::Away,
            step: None,
            held_by: None,
            in_transaction: false,
            logged: None,
            arrived: 0,
            commands,
        };
        self.sessions.insert(id, session);
        id
    }

    pub(super) fn close(&mut self, id: u64) {
        if let Some(Session { logged: Some(logged), .. }) = self.sessions.remove(&id)
            && let Some(happened) = self.log.get_mut(logged)
        {
            happened.ending.get_or_insert(Ending::Lost);
        }
        self.look_again();
    }

    /// Whether anything of this actor might be held.
    pub(super) fn watches(&self, actor: Actor) -> bool {
        !self.rules.is_empty() || self.holds_all(actor)
    }

    fn holds_all(&self, actor: Actor) -> bool {
        self.held.get(actor.0).copied().unwrap_or(false)
    }

    /// A step has arrived; whether it must wait.
    pub(super) fn arrive(&mut self, step: Step) -> bool {
        let rule = self.rules.iter().find(|rule| (rule.holds)(&step)).map(|rule| rule.id);
        let holds = rule.is_some() || self.holds_all(step.actor);
        let arrived = self.number();
        let id = step.session;
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        session.step = Some(step);
        session.held_by = rule;
        session.arrived = arrived;
        session.at = At::Held;
        if !holds {
            self.work(id);
        }
        holds
    }

    /// A step is sent to the server.
    pub(super) fn work(&mut self, id: u64) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.at = At::Working { since: Instant::now(), suspected: None };
        session.held_by = None;
        if let Some(step) = session.step.clone() {
            session.logged = Some(self.log.len());
            self.log.push(Happened { step, waited: false, ending: None });
        }
    }

    /// A batch that is no step is sent to the server.
    pub(super) fn pass(&mut self, id: u64) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.at = At::Passing;
        }
    }

    /// The server is done with what was passed.
    pub(super) fn passed(&mut self, id: u64, in_transaction: bool) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.at = At::Away;
            session.in_transaction = in_transaction;
        }
        self.look_again();
    }

    /// The server is done with a step; whether its answer may be delivered at once.
    pub(super) fn complete(&mut self, id: u64, ending: Ending, in_transaction: bool) -> bool {
        let waited = self.end(id, ending);
        let Some(session) = self.sessions.get_mut(&id) else { return true };
        session.in_transaction = in_transaction;
        let holds = waited && self.held.get(session.actor.0).copied().unwrap_or(false);
        session.at = if holds { At::Answered } else { At::Away };
        if !holds {
            session.step = None;
        }
        self.look_again();
        !holds
    }

    /// The server is done with a step whose commit is a step of its own; whether that must wait.
    pub(super) fn complete_before(&mut self, id: u64, ending: Ending, commit: Step) -> bool {
        self.end(id, ending);
        let must_wait = self.arrive(commit);
        self.look_again();
        must_wait
    }

    fn end(&mut self, id: u64, ending: Ending) -> bool {
        let logged = self.sessions.get_mut(&id).and_then(|session| session.logged.take());
        let Some(happened) = logged.and_then(|logged| self.log.get_mut(logged)) else {
            return false;
        };
        happened.ending = Some(ending);
        happened.waited
    }

    /// An answer was delivered.
    pub(super) fn delivered(&mut self, id: u64) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.at = At::Away;
            session.step = None;
        }
    }

    /// Something ended: whoever was blocked may not be any more.
    fn look_again(&mut self) {
        for session in self.sessions.values_mut() {
            if matches!(session.at, At::Blocked) {
                session.at = At::Working { since: Instant::now(), suspected: None };
            }
        }
    }

    /// The server says that a session waits for another.
    pub(super) fn blocked(&mut self, id: u64) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.at = At::Blocked;
        if let Some(happened) = session.logged.and_then(|logged| self.log.get_mut(logged)) {
            happened.waited = true;
        }
    }

    /// Whether a session's step was blocked before.
    pub(super) fn has_waited(&self, id: u64) -> bool {
        let logged = self.sessions.get(&id).and_then(|session| session.logged);
        logged.and_then(|logged| self.log.get(logged)).is_some_and(|happened| happened.waited)
    }

    /// What an actor is doing: of several sessions the busiest, then the one longest held.
    pub(super) fn phase(&self, actor: Actor) -> Phase {
        let sessions = || self.sessions.values().filter(move |session| session.actor == actor);
        let step = |session: &Session| session.step.clone();
        if let Some(working) = sessions().find(|session| session.is_working()) {
            return step(working).map_or(self.away(actor), Phase::Working);
        }
        if let Some(session) =
            sessions().filter(|session| session.may_go()).min_by_key(|s| s.arrived)
            && let Some(step) = step(session)
        {
            let answered = matches!(session.at, At::Answered);
            return if answered { Phase::Answered(step) } else { Phase::Held(step) };
        }
        let blocked = sessions().find(|session| matches!(session.at, At::Blocked));
        blocked.and_then(step).map_or(self.away(actor), Phase::Blocked)
    }

    fn away(&self, actor: Actor) -> Phase {
        let mut sessions = self.sessions.values().filter(|session| session.actor == actor);
        Phase::Away { in_transaction: sessions.any(|session| session.in_transaction) }
    }

    /// Lets the actor's step go that waits longest.
    pub(super) fn go(&mut self, actor: Actor) {
        let sessions = self.sessions.values_mut();
        let waiting = sessions.filter(|session| session.actor == actor && session.may_go());
        if let Some(session) = waiting.min_by_key(|session| session.arrived) {
            session.tell(Command::Go);
        }
    }

    /// Adds a rule.
    pub(super) fn rule(&mut self, holds: Predicate) -> u64 {
        let id = self.number();
        self.rules.push(Rule { id, holds });
        id
    }

    /// Tells everything that a rule holds what to do.
    pub(super) fn tell_held(&mut self, rule: u64, command: Command) {
        for session in self.sessions.values_mut() {
            if session.held_by == Some(rule) {
                session.tell(command);
            }
        }
    }

    /// The step that a rule has held longest.
    pub(super) fn held_by(&self, rule: u64) -> Option<Step> {
        let held = self.sessions.values().filter(|session| session.held_by == Some(rule));
        held.min_by_key(|session| session.arrived)?.step.clone()
    }

    /// Forgets what happened; what runs now is not told any more.
    pub(super) fn forget(&mut self) {
        self.log.clear();
        self.sessions.values_mut().for_each(|session| session.logged = None);
    }

    /// Process ids of all sessions.
    pub(super) fn pids(&self) -> Vec<i32> {
        self.sessions.values().map(|session| session.pid).filter(|pid| *pid != 0).collect()
    }
}

impl Session {
    fn is_working(&self) -> bool {
        matches!(self.at, At::Working { .. })
    }

    /// Whether it waits for a command.
    fn may_go(&self) -> bool {
        matches!(self.at, At::Held | At::Answered)
    }

    /// Told once: until the session acts on it, its step counts as sent.
    fn tell(&mut self, command: Command) {
        self.at = At::Working { since: Instant::now(), suspected: None };
        self.held_by = None;
        // A session that is gone has nothing left to hold.
        let _ = self.commands.send(command);
    }
}
