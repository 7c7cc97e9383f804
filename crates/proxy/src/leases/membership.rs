//! A session's place in a lease.
//!
//! **Invariant**: as long as it exists the lease is not given back.

use std::rc::Rc;

use tokio::time::Instant;

use super::lease::{CloseSignal, Lease};
use crate::SessionId;

/// Keeps a lease from being given back until it is dropped.
#[derive(Debug)]
pub(crate) struct Membership {
    lease: Rc<Lease>,
    session: SessionId,
    signal: Rc<CloseSignal>,
}

impl Membership {
    pub(super) fn new(lease: Rc<Lease>, session: SessionId) -> Self {
        let signal = Rc::new(CloseSignal::default());
        lease.sessions.borrow_mut().insert(session, Rc::clone(&signal));
        lease.idle_since.set(None);
        Self { lease, session, signal }
    }

    pub(crate) fn lease(&self) -> &Rc<Lease> {
        &self.lease
    }

    pub(crate) fn signal(&self) -> &Rc<CloseSignal> {
        &self.signal
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut sessions = self.lease.sessions.borrow_mut();
        sessions.remove(&self.session);
        if sessions.is_empty() {
            self.lease.idle_since.set(Some(Instant::now()));
        }
        drop(sessions);
        self.lease.changed.notify_waiters();
    }
}
