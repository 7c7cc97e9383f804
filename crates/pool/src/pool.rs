//! Handing out databases and taking them back.
//!
//! In: a template. Out: [`Lease`]s, and [`Returned`] for each one that comes back.
//!
//! **Invariant**: a lease is asked for and returned; which database it is, whether another test had
//! it before and how it was made pristine again is nobody else's knowledge.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use proofmark_catalog::Invariant;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::claim::Claim;
use crate::cluster::Cluster;
use crate::connection::{Connection, Home, Idle};
use crate::copier::Copier;
use crate::dropper::drop_all;
use crate::evidence::Questions;
use crate::invariants::Invariants;
use crate::isolation::{InUse, Isolation};
use crate::lease::{Lease, LeaseError};
use crate::reset::{self, Engine};
use crate::returned::Returned;
use crate::session::Session;
use crate::slot::Slot;
use crate::stock::Stock;
use crate::target::Target;
use crate::template::Template;
use crate::workshop::Workshop;

/// How a pool behaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoolOptions {
    /// Databases made ahead of need; 0 makes each one when it is asked for.
    pub ready: usize,
    /// Part of every database's name, so that two runs on one server do not meet.
    pub run: String,
    /// What must hold in every database that comes back.
    pub invariants: Vec<Invariant>,
    /// What stands between two tests, where the server allows it.
    pub isolation: Isolation,
    /// Every how many returns a database is compared completely with the template; none: never.
    pub verify_every: Option<u32>,
}

/// How the test that held a lease ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    /// It passed, or nobody said.
    #[default]
    Done,
    /// It failed: the database is kept.
    Failed,
}

/// How a lease ended; the default is that of a test that passed, with nothing checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ending<'a> {
    /// How its test ended.
    pub outcome: Outcome,
    /// Whether the invariants are to be checked.
    pub check: bool,
    /// Backends that stay connected to the database between leases: idle, recycled by
    /// `DISCARD ALL`, their statistics flushed by `pg_stat_force_next_flush()`. They do not count
    /// as clients of the test, and are ended when the database is dropped.
    pub warm: &'a [i32],
}

/// Why a pool could not be opened or closed.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// A lease-like step failed.
    #[error("the pool of databases could not be opened")]
    Lease(#[from] LeaseError),
}

/// Leases of one template.
#[derive(Debug)]
pub struct Pool {
    workshop: Arc<Workshop>,
    dropper: JoinHandle<Result<(), LeaseError>>,
    /// The leases that are out.
    held: Mutex<HashMap<String, Held>>,
    in_use: InUse,
    /// Held while the pool lives, so that what it leaves when it is killed is found.
    _claim: Claim,
}

/// A lease that is out.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) slot: Slot,
    pub(crate) home: Home,
}

impl Pool {
    /// Opens a pool on a sealed template.
    ///
    /// # Errors
    /// [`PoolError`] when the server does not answer.
    pub async fn open(
        target: Target,
        template: Template,
        options: PoolOptions,
    ) -> Result<Self, PoolError> {
        let session = Session::open(&target.control()).await.map_err(LeaseError::Connect)?;
        let in_use = in_use(&target, &session, options.isolation).await?;
        let claim = Claim::take(&target, &options.run).await?;
        let copier = Copier::new(&session, target.clone(), template, options.run).await?;
        let copier = Arc::new(copier);
        let cluster = Cluster::join(&target).await?;
        let reused = in_use.isolation != Isolation::Clone;
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let (dropping, to_drop) = mpsc::unbounded_channel();
        let workshop = Arc::new(Workshop::new(
            Arc::clone(&copier),
            reused.then(|| Engine::new(copier, in_use.isolation == Isolation::Exact)),
            Stock::new(options.ready, processors + 1, reused),
            Invariants::new(options.invariants),
            cluster,
            options.verify_every,
            dropping,
        ));
        workshop.sessions.put(session);
        let dropper = tokio::spawn(drop_all(target, to_drop));
        workshop.fill();
        Ok(Self { workshop, dropper, held: Mutex::default(), in_use, _claim: claim })
    }

    /// The server that the databases are on.
    pub fn target(&self) -> &Target {
        &self.workshop.copier.target
    }

    /// The template that they are copies of.
    pub fn template(&self) -> &Template {
        &self.workshop.copier.template
    }

    /// The isolation in use, and why it is not the one that was wanted.
    pub fn isolation(&self) -> InUse {
        self.in_use.clone()
    }

    /// How many invariants are checked in databases that come back.
    pub fn invariants(&self) -> usize {
        self.workshop.invariants.count()
    }

    /// Has every database that comes back from now on asked these questions; the first call counts.
    pub fn ask(&self, questions: Questions) {
        // Whoever asks twice asks for the same: a pool has one catalog.
        self.workshop.questions.get_or_init(|| questions);
    }

    /// Hands out an isolated database with the template's content.
    ///
    /// # Errors
    /// [`LeaseError`] when the server cannot make one.
    pub async fn lease(&self) -> Result<Lease, LeaseError> {
        let taken = self.workshop.stock.take();
        self.workshop.fill();
        let mut slot = match taken {
            Ok(slot) => slot,
            Err(waiting) => waiting.await.map_err(|_| LeaseError::Closed)??,
        };
        let database = slot.database.clone();
        self.workshop.cluster.leased(&database);
        let idle = slot.inside.as_mut().map(|inside| std::mem::take(&mut inside.idle));
        let held = Held { slot, home: Home::with(idle.unwrap_or_default()) };
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(database.clone(), held);
        Ok(Lease { database, of: self.template().database.clone() })
    }

    /// A connection to the database of `lease` as the server's own user: one that an earlier test
    /// left, recycled, or a new one.
    ///
    /// Any number may be taken; each goes back when it is dropped, which must be before the lease
    /// is given back.
    ///
    /// # Errors
    /// [`LeaseError`] when the server does not answer, or the lease is not out.
    pub async fn connection(&self, lease: &Lease) -> Result<Connection, LeaseError> {
        let home = {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.get(&lease.database).ok_or(LeaseError::Closed)?.home.clone()
        };
        while let Some(idle) = home.take() {
            if !idle.session.is_closed() {
                return Ok(Connection::new(idle, home));
            }
        }
        let session = Session::open(&self.target().config(&lease.database)).await?;
        let step = LeaseError::step("opening a connection for a test");
        let row = session.query_one("select pg_backend_pid()", &[]).await.map_err(step)?;
        Ok(Connection::new(Idle { session, pid: row.get(0) }, home))
    }

    /// Takes a lease back: waits until its connections are gone, reads what was written, checks the
    /// invariants if asked to, and sees to it that the database is pristine before it is handed out
    /// again. It is kept when its test failed, or when an invariant is broken.
    ///
    /// What was written is taken back in the background, unless the return is one that is verified.
    ///
    /// # Errors
    /// [`LeaseError`] when the server does not answer; a database that the test dropped itself is
    /// not an error but a [`Leftover`](crate::Leftover).
    pub async fn give_back(
        &self,
        lease: &Lease,
        ending: Ending<'_>,
    ) -> Result<Returned, LeaseError> {
        let held = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.remove(&lease.database)
        };
        let held = held.ok_or(LeaseError::NotOut)?;
        let returned = self.workshop.take_back(held, ending).await;
        self.workshop.fill();
        returned
    }

    /// The real names of the databases kept for failed tests.
    pub fn kept(&self) -> BTreeSet<String> {
        self.workshop.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What went wrong while databases were made pristine in the background: each was replaced by a
    /// fresh copy, and no test has seen it.
    pub fn setbacks(&self) -> Vec<String> {
        self.workshop.setbacks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Somebody works on the server without a lease: what is left there from now on is told, but
    /// not removed, because nobody knows who needs it for how long.
    pub fn tools_came(&self) {
        self.workshop.cluster.tools_came();
    }

    /// From now on nothing is taken back, as if that had a bug; for the tests of the comparison.
    #[doc(hidden)]
    pub fn leave_undone(&self) {
        if let Some(engine) = &self.workshop.engine {
            engine.leave_undone();
        }
    }

    /// Ends the pool: databases that nobody holds are dropped, those on their way out are gone when
    /// this returns; kept ones stay.
    ///
    /// # Errors
    /// [`LeaseError`] when a database could not be dropped.
    pub async fn close(self) -> Result<(), LeaseError> {
        let Self { workshop, dropper, .. } = self;
        let ready = workshop.stock.close();
        if workshop.copier.target.is_private() {
            // The whole directory goes; what is in the making need not be finished.
            workshop.abort();
            dropper.abort();
            return Ok(());
        }
        workshop.finish().await?;
        for slot in ready {
            workshop.dispose(slot);
        }
        if let Some(engine) = &workshop.engine
            && let Some(pristine) = engine.pristine_database().await
        {
            workshop.drop_later(pristine);
        }
        workshop.close_dropping();
        dropper.await.map_err(|error| LeaseError::Earlier(error.to_string()))?
    }
}

/// What the server allows of the isolation that is `wanted`.
async fn in_use(
    target: &Target,
    session: &Session,
    wanted: Isolation,
) -> Result<InUse, LeaseError> {
    if wanted == Isolation::Clone {
        return Ok(InUse { isolation: wanted, why: None });
    }
    Ok(match reset::missing(target, session).await? {
        None => InUse { isolation: wanted, why: None },
        why => InUse { isolation: Isolation::Clone, why },
    })
}
