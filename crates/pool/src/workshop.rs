//! What happens to databases between two tests.
//!
//! In: leases that come back. Out: slots for the [`Stock`], made or made pristine again.
//!
//! **Invariant**: a slot reaches the stock only fresh from being made, or when nothing was written
//! to it, or after an undo that has succeeded. All other ways lead to [`Workshop::dispose`] or to
//! the databases that are kept.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::cluster::Cluster;
use crate::copier::Copier;
use crate::evidence::Questions;
use crate::invariants::Invariants;
use crate::lease::{LeaseError, told};
use crate::reset::{Engine, Work};
use crate::session::Sessions;
use crate::slot::Slot;
use crate::stock::{Arrived, Stock};

/// Copies made at once: more would only wait for each other.
const MAKING_MAX: usize = 2;

/// Troubles in the background that are remembered.
const SETBACKS_MAX: usize = 100;

/// The makings of a pool.
#[derive(Debug)]
pub(crate) struct Workshop {
    pub(crate) copier: Arc<Copier>,
    /// None where every lease has a copy of its own.
    pub(crate) engine: Option<Engine>,
    pub(crate) sessions: Sessions,
    pub(crate) stock: Stock,
    pub(crate) invariants: Invariants,
    /// What databases that come back are asked besides, once that is known.
    pub(crate) questions: OnceLock<Questions>,
    pub(crate) kept: Mutex<BTreeSet<String>>,
    /// What tests share although each has a database of its own.
    pub(crate) cluster: Arc<Cluster>,
    verify_every: Option<u32>,
    given_back: AtomicU32,
    pub(crate) setbacks: Mutex<Vec<String>>,
    dropping: Mutex<Option<mpsc::UnboundedSender<String>>>,
    tasks: Mutex<JoinSet<()>>,
    making: Semaphore,
}

impl Workshop {
    pub(crate) fn new(
        copier: Arc<Copier>,
        engine: Option<Engine>,
        stock: Stock,
        invariants: Invariants,
        cluster: Arc<Cluster>,
        verify_every: Option<u32>,
        dropping: mpsc::UnboundedSender<String>,
    ) -> Self {
        let sessions = Sessions::new(copier.target.control());
        Self {
            copier,
            engine,
            sessions,
            stock,
            invariants,
            questions: OnceLock::new(),
            kept: Mutex::default(),
            cluster,
            verify_every,
            given_back: AtomicU32::new(0),
            setbacks: Mutex::default(),
            dropping: Mutex::new(Some(dropping)),
            tasks: Mutex::default(),
            making: Semaphore::new(MAKING_MAX),
        }
    }

    /// Has the databases made that are asked for, or will be.
    pub(crate) fn fill(self: &Arc<Self>) {
        for _ in 0..self.stock.to_make() {
            let workshop = Arc::clone(self);
            self.spawn(async move {
                match workshop.make().await {
                    Ok(slot) => workshop.arrive(slot),
                    Err(error) => workshop.stock.failed(Some(error)),
                }
            });
        }
    }

    async fn make(&self) -> Result<Slot, LeaseError> {
        let _turn = self.making.acquire().await.map_err(|_| LeaseError::Closed)?;
        let control = self.sessions.take().await?;
        let database = self.copier.make(&control).await?;
        let slot = match &self.engine {
            None => Slot { database, inside: None },
            Some(engine) => match engine.settle(&control, database.clone()).await {
                Ok(slot) => slot,
                Err(error) => {
                    self.drop_later(database);
                    return Err(error);
                }
            },
        };
        self.sessions.put(control);
        Ok(slot)
    }

    /// Hands a pristine slot to the stock.
    pub(crate) fn arrive(&self, slot: Slot) {
        if let Arrived::Surplus(slot) = self.stock.arrived(slot) {
            self.dispose(slot);
        }
    }

    /// Takes back what was written to `slot`, which counts as coming.
    pub(crate) async fn undo(self: &Arc<Self>, mut slot: Slot, work: Work) {
        let (Some(engine), Some(inside)) = (&self.engine, &mut slot.inside) else {
            unreachable!("only a slot with a session inside is judged");
        };
        match engine.undo(inside, work).await {
            Ok(()) => self.arrive(slot),
            Err(error) => {
                self.note_setback(&slot, &error);
                self.stock.failed(None);
                self.dispose(slot);
                self.fill();
            }
        }
    }

    /// Whether the database that comes back now is to be compared completely with the template.
    pub(crate) fn verifies(&self) -> bool {
        let Some(every) = self.verify_every else { return false };
        let number = self.given_back.fetch_add(1, Ordering::Relaxed) + 1;
        number.is_multiple_of(every.max(1))
    }

    pub(crate) fn note_setback(&self, slot: &Slot, error: &LeaseError) {
        let mut setbacks = self.setbacks.lock().unwrap_or_else(PoisonError::into_inner);
        if setbacks.len() < SETBACKS_MAX {
            setbacks.push(format!("{}: {}", slot.database, told(error)));
        }
    }

    /// Drops the database of `slot`, whoever is connected to it.
    pub(crate) fn dispose(&self, slot: Slot) {
        let Slot { database, inside } = slot;
        drop(inside);
        self.drop_later(database);
    }

    pub(crate) fn drop_later(&self, database: String) {
        let dropping = self.dropping.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dropping) = dropping.as_ref() {
            // The receiver only ends after the pool is closed; on a private server nobody minds.
            drop(dropping.send(database));
        }
    }

    /// Runs `task` beside everything else.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Ends all tasks where they are.
    pub(crate) fn abort(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Waits until all tasks have ended, and lets nothing be dropped any more.
    pub(crate) async fn finish(&self) -> Result<(), LeaseError> {
        loop {
            let mut tasks = {
                let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *tasks)
            };
            if tasks.is_empty() {
                return Ok(());
            }
            while let Some(ended) = tasks.join_next().await {
                // A panic in one is a bug; say so.
                ended.map_err(|error| LeaseError::Earlier(error.to_string()))?;
            }
        }
    }

    /// Nothing more is to be dropped.
    pub(crate) fn close_dropping(&self) {
        self.dropping.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
