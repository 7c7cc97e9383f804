//! One lease while it lasts.
//!
//! Main types: [`Lease`], and the [`CloseSignal`] by which a session is told to close.
//!
//! **Invariant**: it keeps values of rows only in what is handed to the source at the end, and at
//! most [`FAILING_ROWS_MAX`] of them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::{Notify, OnceCell};
use tokio::time::Instant;

use crate::session::Statements;
use crate::warm::Stock;
use crate::{
    FailingKey, FailingRow, Granted, Identity, Lane, LeaseId, Seen, SessionId, SourceError,
    TestName,
};

const FAILING_ROWS_MAX: usize = 64;
/// How long a new client waits for what the last one left to be gone.
const LEAVING: Duration = Duration::from_millis(50);

/// A process, told from a later one with the same number by when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Holder {
    pub(crate) pid: u32,
    /// Clock ticks after the machine's start (field 22 of `/proc/<pid>/stat`).
    pub(crate) start: u64,
}

/// What makes connections meet in one lease.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LeaseKey {
    /// The template.
    pub(crate) database: String,
    pub(crate) test: TestName,
    /// The process, where the lease is that process's; two processes can have one name.
    pub(crate) process: Option<Holder>,
}

/// How far a lease has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Held,
    Ending,
    Ended,
}

#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) id: LeaseId,
    pub(crate) key: LeaseKey,
    pub(crate) identity: Identity,
    pub(super) granted: OnceCell<Result<Granted, SourceError>>,
    pub(super) stage: Cell<Stage>,
    /// Whether the source has been asked and has not answered.
    pub(super) is_being_taken: Cell<bool>,
    /// Rings when the stage or the number of sessions changes.
    pub(super) changed: Notify,
    pub(super) sessions: RefCell<HashMap<SessionId, Rc<CloseSignal>>>,
    /// Whether a process is known to hold it.
    pub(super) is_held_by_process: Cell<bool>,
    /// Since when nobody is connected, once somebody was.
    pub(super) idle_since: Cell<Option<Instant>>,
    /// Sessions whose client has left while their backend has not.
    pub(super) leaving: Cell<usize>,
    /// Whether backends of its sessions may serve others.
    pub(crate) keeps_backends: Cell<bool>,
    /// Whether it changed what decides about logins.
    pub(super) changes_logins: Cell<bool>,
    /// Direct, once the URL of the database itself has been handed out.
    pub(crate) lane: Cell<Lane>,
    seen: RefCell<Seen>,
    pub(crate) statements: RefCell<Statements>,
}

impl Lease {
    pub(super) fn new(id: LeaseId, key: LeaseKey, identity: Identity) -> Self {
        Self {
            id,
            key,
            identity,
            granted: OnceCell::new(),
            stage: Cell::new(Stage::Held),
            is_being_taken: Cell::new(false),
            changed: Notify::new(),
            sessions: RefCell::default(),
            is_held_by_process: Cell::new(false),
            idle_since: Cell::new(None),
            leaving: Cell::new(0),
            keeps_backends: Cell::new(true),
            changes_logins: Cell::new(false),
            lane: Cell::new(Lane::Proxy),
            seen: RefCell::default(),
            statements: RefCell::default(),
        }
    }

    /// What the source granted, once it has.
    pub(crate) fn granted(&self) -> Option<&Granted> {
        self.granted.get()?.as_ref().ok()
    }

    /// Sessions that are connected now.
    pub(crate) fn session_count(&self) -> usize {
        self.sessions.borrow().len()
    }

    /// Keeps a refused row for the end of the lease.
    pub(crate) fn keep_failing_row(&self, row: FailingRow) {
        let rows = &mut self.seen.borrow_mut().failing_rows;
        if rows.len() < FAILING_ROWS_MAX {
            rows.push(row);
        }
    }

    /// Keeps a refused key for the end of the lease.
    pub(crate) fn keep_failing_key(&self, key: FailingKey) {
        let keys = &mut self.seen.borrow_mut().failing_keys;
        if keys.len() < FAILING_ROWS_MAX {
            keys.push(key);
        }
    }

    /// Counts a session whose client was still there when the lease was given back.
    pub(crate) fn count_left_open(&self) {
        self.seen.borrow_mut().sessions_left_open += 1;
    }

    /// Counts a session that left its transaction open.
    pub(crate) fn count_left_in_transaction(&self) {
        self.seen.borrow_mut().sessions_left_in_transaction += 1;
    }

    /// Counts a client that has left until its backend has.
    pub(crate) fn leave(self: &Rc<Self>) -> Leaving {
        self.leaving.set(self.leaving.get() + 1);
        Leaving(Rc::clone(self))
    }

    /// Waits until the backends of clients that have left have let go of what they held, or for as
    /// long as a new client can wait. A new backend takes longer to begin than an old one to end; a
    /// warm one does not.
    pub(crate) async fn nobody_leaves(&self) {
        let left = self.until(|lease| lease.leaving.get() == 0);
        drop(tokio::time::timeout(LEAVING, left).await);
    }

    /// From now on none of its backends serves another client, and those that wait for one do not.
    pub(crate) fn keep_no_backend(&self, warm: &Stock) {
        self.keeps_backends.set(false);
        if let Some(granted) = self.granted() {
            warm.close_at(granted);
        }
    }

    /// The same for every lease, until this one has ended.
    pub(crate) fn change_logins(&self, warm: &Stock) {
        self.keeps_backends.set(false);
        if self.changes_logins.replace(true) {
            warm.logins_changed();
        } else {
            warm.change_began();
        }
    }

    /// Everything that was seen; `statements` says whether they were looked at.
    pub(super) fn take_seen(&self, statements: bool) -> Seen {
        let mut seen = self.seen.take();
        let (told, left_out) = self.statements.take().told();
        seen.statements = statements.then_some(told);
        seen.statements_left_out = left_out;
        seen
    }

    /// Waits until a condition on the stage or the sessions holds.
    pub(super) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            if holds(self) {
                return;
            }
            changed.await;
        }
    }

    /// Waits until the source has taken the lease back.
    pub(crate) async fn ended(&self) {
        self.until(|lease| lease.stage.get() == Stage::Ended).await;
    }
}

/// A client that has left while its backend has not.
#[derive(Debug)]
pub(crate) struct Leaving(Rc<Lease>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leaving.set(self.0.leaving.get() - 1);
        self.0.changed.notify_waiters();
    }
}

/// Why a session is told to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    Returned,
    ProcessEnded,
    Shutdown,
}

/// How soon a session is to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// When its client has nothing more to say: what it sent before may still be unread.
    WhenSilent,
    /// At once.
    Now,
}

/// Tells one session to close; looked at whenever the session has something to do.
#[derive(Debug, Default)]
pub(crate) struct CloseSignal {
    told: Cell<Option<(CloseReason, Urgency)>>,
    waker: RefCell<Option<Waker>>,
}

impl CloseSignal {
    pub(crate) fn close(&self, reason: CloseReason, urgency: Urgency) {
        self.told.set(Some((reason, urgency)));
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// What it was told, once it was; the task is woken when it is, and when it becomes urgent.
    #[inline]
    pub(crate) fn poll(&self, context: &Context<'_>) -> Option<(CloseReason, Urgency)> {
        let told = self.told.get();
        if !matches!(told, Some((_, Urgency::Now))) {
            let mut waker = self.waker.borrow_mut();
            if waker.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
                *waker = Some(context.waker().clone());
            }
        }
        told
    }
}
