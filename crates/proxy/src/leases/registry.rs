//! Finds the lease a connection belongs to, or has one made.
//!
//! In goes who asks for what, out comes a place in a lease. Main types: [`Leases`], [`Join`].
//!
//! **Invariant**: connections that arrive at the same time for one test cause one request to the
//! source, and a lease that is ending is never joined.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use tokio::sync::Notify;

use super::holder::watch;
use super::lease::{Holder, Lease, LeaseKey, Stage};
use super::membership::Membership;
use crate::shared::Shared;
use crate::{Event, Granted, Identity, LeaseId, LeaseRequest, SessionId, SourceError, TestName};

/// The leases of one run.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    /// Leases that can be joined.
    by_key: RefCell<HashMap<LeaseKey, Rc<Lease>>>,
    /// These, and those that have not been given back yet.
    by_id: RefCell<HashMap<LeaseId, Rc<Lease>>>,
    last_id: Cell<u64>,
    /// Rings when a lease has ended or become idle.
    pub(super) changed: Notify,
}

/// Who wants to join which lease.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub(crate) key: LeaseKey,
    pub(crate) identity: Identity,
    /// The process with which the lease ends.
    pub(crate) holder: Option<Holder>,
}

/// Why a lease cannot be joined.
#[derive(Debug, Clone)]
pub(crate) enum JoinError {
    /// The source gave none.
    Source(SourceError),
    /// It ended while it was being made.
    Ended,
    /// The proxy is shutting down.
    ShuttingDown,
}

impl Leases {
    /// Joins the lease that fits, making it when there is none.
    pub(crate) async fn join(
        &self,
        shared: &Rc<Shared>,
        join: &Join,
        session: SessionId,
    ) -> Result<(Membership, Granted), JoinError> {
        let lease = self.held(shared, join)?;
        let membership = Membership::new(Rc::clone(&lease), session);
        let granted = self.granted(shared, &lease).await.map_err(JoinError::Source)?;
        if lease.stage.get() == Stage::Held {
            Ok((membership, granted))
        } else {
            Err(JoinError::Ended)
        }
    }

    /// Joins a lease that exists already.
    pub(crate) async fn join_existing(
        &self,
        shared: &Rc<Shared>,
        lease: Rc<Lease>,
        session: SessionId,
    ) -> Result<(Membership, Granted), JoinError> {
        let join = Join { key: lease.key.clone(), identity: lease.identity.clone(), holder: None };
        if lease.stage.get() != Stage::Held {
            return Err(JoinError::Ended);
        }
        self.join(shared, &join, session).await
    }

    /// A place in the lease with this key, if there is one already.
    pub(crate) fn place_in(&self, key: &LeaseKey, session: SessionId) -> Option<Membership> {
        let lease = self.by_key.borrow().get(key).cloned()?;
        lease.granted()?;
        Some(Membership::new(lease, session))
    }

    /// Has a lease without connecting to it, as the console does.
    pub(crate) async fn hold(
        &self,
        shared: &Rc<Shared>,
        join: &Join,
    ) -> Result<(Rc<Lease>, Granted), JoinError> {
        let lease = self.held(shared, join)?;
        let granted = self.granted(shared, &lease).await.map_err(JoinError::Source)?;
        if lease.stage.get() == Stage::Held { Ok((lease, granted)) } else { Err(JoinError::Ended) }
    }

    fn held(&self, shared: &Rc<Shared>, join: &Join) -> Result<Rc<Lease>, JoinError> {
        if shared.is_closing() {
            return Err(JoinError::ShuttingDown);
        }
        let found = self.by_key.borrow().get(&join.key).cloned();
        let lease = found.unwrap_or_else(|| self.insert(join));
        if let Some(holder) = join.holder
            && !lease.is_held_by_process.replace(true)
        {
            tokio::task::spawn_local(watch(Rc::clone(shared), Rc::clone(&lease), holder));
        }
        Ok(lease)
    }

    fn insert(&self, join: &Join) -> Rc<Lease> {
        let id = LeaseId(self.last_id.get() + 1);
        self.last_id.set(id.0);
        let lease = Rc::new(Lease::new(id, join.key.clone(), join.identity.clone()));
        self.by_key.borrow_mut().insert(join.key.clone(), Rc::clone(&lease));
        self.by_id.borrow_mut().insert(id, Rc::clone(&lease));
        lease
    }

    /// Asks the source once, however many wait for the answer.
    async fn granted(
        &self,
        shared: &Rc<Shared>,
        lease: &Rc<Lease>,
    ) -> Result<Granted, SourceError> {
        lease.granted.get_or_init(|| self.take(shared, lease)).await.clone()
    }

    async fn take(&self, shared: &Rc<Shared>, lease: &Rc<Lease>) -> Result<Granted, SourceError> {
        let asked = Instant::now();
        let request = LeaseRequest {
            lease: lease.id,
            database: lease.key.database.clone(),
            test: lease.key.test.clone(),
        };
        lease.is_being_taken.set(true);
        let granted = shared.source.take(request).await;
        lease.is_being_taken.set(false);
        lease.changed.notify_waiters();
        match &granted {
            Ok(granted) => shared.emit(Event::LeaseGiven {
                lease: lease.id,
                database: lease.key.database.clone(),
                test: lease.key.test.clone(),
                identity: lease.identity.clone(),
                real_database: granted.database.clone(),
                wait_us: u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX),
            }),
            // The next connection of this test asks again.
            Err(_) => self.remove(lease),
        }
        granted
    }

    /// No more connections for this lease; it stays known until it has ended.
    pub(super) fn close_door(&self, lease: &Rc<Lease>) {
        self.by_key.borrow_mut().retain(|_, other| other.id != lease.id);
    }

    /// Forgets a lease.
    pub(super) fn remove(&self, lease: &Rc<Lease>) {
        self.close_door(lease);
        self.by_id.borrow_mut().remove(&lease.id);
    }

    /// The lease with this number.
    pub(crate) fn with_id(&self, id: LeaseId) -> Option<Rc<Lease>> {
        self.by_id.borrow().get(&id).cloned()
    }

    /// The lease that stands for this database of the server.
    pub(crate) fn with_real_database(&self, name: &str) -> Option<Rc<Lease>> {
        let stands_for = |lease: &Lease| lease.granted().is_some_and(|real| real.database == name);
        self.by_key.borrow().values().find(|lease| stands_for(lease)).cloned()
    }

    /// The leases of a test that can be joined.
    pub(crate) fn of_test(&self, test: &TestName) -> Vec<Rc<Lease>> {
        let of_test = |lease: &&Rc<Lease>| lease.key.test == *test;
        self.by_key.borrow().values().filter(of_test).cloned().collect()
    }

    /// Every lease that can be joined, oldest first.
    pub(crate) fn held_now(&self) -> Vec<Rc<Lease>> {
        let mut leases: Vec<_> = self.by_key.borrow().values().cloned().collect();
        leases.sort_by_key(|lease| lease.id);
        leases
    }

    /// Every lease that has not been given back.
    pub(super) fn all(&self) -> Vec<Rc<Lease>> {
        self.by_id.borrow().values().cloned().collect()
    }
}
