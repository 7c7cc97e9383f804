//! Handing out databases and taking them back.
//!
//! In: a template. Out: [`Lease`]s made ahead of need, and [`Returned`] for each one that comes
//! back.
//!
//! **Invariant**: a lease is asked for and returned; that it is a copy, when it was made and how
//! it is disposed of is nobody else's knowledge.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::JoinHandle;

use proofmark_catalog::Invariant;

use crate::claim::{Claim, mark_of, unmark};
use crate::invariants::{Checked, Invariants};
use crate::isolation::{InUse, Isolation};
use crate::lease::{Belongings, Lease, LeaseError, copy, drop_database, literal, wait_until_empty};
use crate::returned::{How, Leftover, Returned};
use crate::session::{Session, Sessions};
use crate::statistics;
use crate::target::Target;
use crate::template::Template;

/// How a pool behaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoolOptions {
    /// Copies made ahead of need; 0 makes each one when it is asked for.
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

/// Copies made ahead: their names, or why there is none.
type Ready = mpsc::Receiver<Result<String, String>>;

/// Leases of one template.
#[derive(Debug)]
pub struct Pool {
    copier: Arc<Copier>,
    ready: Option<Mutex<Ready>>,
    /// Told when the first lease is asked for.
    wanted: Arc<Notify>,
    maker: Option<JoinHandle<()>>,
    sessions: Sessions,
    dropping: mpsc::UnboundedSender<String>,
    dropper: JoinHandle<Result<(), LeaseError>>,
    kept: StdMutex<BTreeSet<String>>,
    foreign: StdMutex<BTreeSet<String>>,
    invariants: Invariants,
    /// Held while the pool lives, on a server that others use as well.
    _claim: Option<Claim>,
}

/// What it takes to make one more copy.
#[derive(Debug)]
struct Copier {
    target: Target,
    template: Template,
    belongings: Belongings,
    run: String,
    made: AtomicU32,
}

impl Copier {
    async fn make(&self, session: &Session) -> Result<String, LeaseError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        let database = crate::lease::shortened(&self.template.database, 28);
        let name = format!("proofmark_{database}_{}_{number}", self.run);
        let (version, template) = (self.target.version_num(), &self.template.name);
        let mark = (!self.target.is_private()).then(|| mark_of(&self.run));
        copy(session, version, template, &name, mark, &self.belongings).await?;
        Ok(name)
    }

    /// Makes copies until nobody wants them any more.
    async fn make_ahead(
        self: Arc<Self>,
        ready: mpsc::Sender<Result<String, String>>,
        wanted: Arc<Notify>,
    ) {
        let session = match Session::open(self.target.maintenance()).await {
            Ok(session) => session,
            Err(error) => {
                // Whoever asks first is told; later ones find the channel closed.
                drop(ready.send(Err(chain(&error))).await);
                return;
            }
        };
        while let Ok(place) = ready.reserve().await {
            match self.make(&session).await {
                Ok(name) => {
                    place.send(Ok(name));
                    // One is there when the first test asks; the others cost nothing where
                    // nobody ever does.
                    if self.made.load(Ordering::Relaxed) == 1 {
                        wanted.notified().await;
                    }
                }
                Err(error) => {
                    place.send(Err(chain(&error)));
                    return;
                }
            }
        }
    }
}

/// An error with its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
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
        let sessions = Sessions::new(target.maintenance().clone());
        let session = sessions.take().await.map_err(LeaseError::Connect)?;
        let belongings = Belongings::read(&session, &template.name).await?;
        sessions.put(session);
        let claim = if target.is_private() {
            None
        } else {
            Some(Claim::take(&target, &options.run).await?)
        };
        let made = AtomicU32::new(0);
        let copier = Copier { target, template, belongings, run: options.run, made };
        let copier = Arc::new(copier);
        let wanted = Arc::new(Notify::new());
        let (ready, maker) = if options.ready == 0 {
            (None, None)
        } else {
            let (sender, receiver) = mpsc::channel(options.ready);
            let making = Arc::clone(&copier).make_ahead(sender, Arc::clone(&wanted));
            let maker = tokio::spawn(making);
            (Some(Mutex::new(receiver)), Some(maker))
        };
        let (dropping, to_drop) = mpsc::unbounded_channel();
        let dropper = tokio::spawn(drop_all(copier.target.clone(), to_drop));
        let (kept, foreign) = (StdMutex::default(), StdMutex::default());
        let invariants = Invariants::new(options.invariants);
        Ok(Self {
            copier,
            ready,
            wanted,
            maker,
            sessions,
            dropping,
            dropper,
            kept,
            foreign,
            invariants,
            _claim: claim,
        })
    }

    /// The server that the databases are on.
    pub fn target(&self) -> &Target {
        &self.copier.target
    }

    /// The template that they are copies of.
    pub fn template(&self) -> &Template {
        &self.copier.template
    }

    /// The isolation in use, and why it is not the one that was wanted.
    pub fn isolation(&self) -> InUse {
        InUse { isolation: Isolation::Clone, why: None }
    }

    /// How many invariants are checked in databases that come back.
    pub fn invariants(&self) -> usize {
        self.invariants.count()
    }

    /// Hands out an isolated database with the template's content.
    ///
    /// # Errors
    /// [`LeaseError`] when the server cannot make one.
    pub async fn lease(&self) -> Result<Lease, LeaseError> {
        let database = match &self.ready {
            None => {
                let session = self.sessions.take().await?;
                let made = self.copier.make(&session).await?;
                self.sessions.put(session);
                made
            }
            Some(ready) => match self.next_ready(ready).await {
                Some(Ok(database)) => database,
                Some(Err(error)) => return Err(LeaseError::Earlier(error)),
                None => return Err(LeaseError::Closed),
            },
        };
        Ok(Lease { database, of: self.copier.template.database.clone() })
    }

    /// The next copy made ahead; from the first on, more are made.
    async fn next_ready(&self, ready: &Mutex<Ready>) -> Option<Result<String, String>> {
        self.wanted.notify_one();
        ready.lock().await.recv().await
    }

    /// Takes a lease back: waits until its connections are gone, reads what was written, and
    /// disposes of the database, or keeps it when its test failed, or when a check is asked for and
    /// an invariant is broken.
    ///
    /// # Errors
    /// [`LeaseError`] when the server does not answer; a database that the test dropped itself is
    /// not an error but a [`Leftover`].
    pub async fn give_back(
        &self,
        lease: &Lease,
        ending: Ending<'_>,
    ) -> Result<Returned, LeaseError> {
        let session = self.sessions.take().await?;
        let returned = self.take_back(&session, lease, ending).await;
        self.sessions.put(session);
        returned
    }

    async fn take_back(
        &self,
        session: &Session,
        lease: &Lease,
        ending: Ending<'_>,
    ) -> Result<Returned, LeaseError> {
        let step = LeaseError::step("taking a database back");
        let database = lease.database.clone();
        wait_until_empty(session, &database).await.map_err(&step)?;
        let mut left = self.leftovers(session, &database).await?;
        let there = session
            .query_opt("select from pg_database where datname = $1", &[&database])
            .await
            .map_err(&step)?
            .is_some();
        if !there {
            left.push(Leftover::OwnDatabaseDropped(database.clone()));
            let how = How::Replaced { why: "its test dropped it".to_owned() };
            return Ok(Returned { database, left, how, ..Returned::default() });
        }
        let target = &self.copier.target;
        let mut written = Vec::new();
        let mut checked = Checked::default();
        if statistics::touched(target, session, &database).await? {
            let inside = Session::open(&target.config(&database)).await?;
            written = statistics::written(&inside).await?;
            if ending.check {
                checked = self.invariants.check(&inside, &written).await?;
            }
            inside.close().await;
        }
        let kept = ending.outcome == Outcome::Failed || !checked.broken.is_empty();
        if kept && !self.copier.target.is_private() {
            unmark(session, &database).await?;
        }
        if kept {
            let mut names = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            names.insert(database.clone());
        } else if self.dropping.send(database.clone()).is_err() {
            return Err(LeaseError::Closed);
        }
        let Checked { checked, broken } = checked;
        let how = if kept { How::Kept } else { How::Dropped };
        Ok(Returned { database, written, kept, left, checked, broken, how, ..Returned::default() })
    }

    /// What a test left besides its database; prepared transactions are rolled back, because they
    /// would keep the database from being dropped.
    async fn leftovers(
        &self,
        session: &Session,
        database: &str,
    ) -> Result<Vec<Leftover>, LeaseError> {
        let step = LeaseError::step("looking for what a test left behind");
        let mut left = Vec::new();
        let prepared = session
            .query("select gid from pg_prepared_xacts where database = $1 order by 1", &[&database])
            .await
            .map_err(&step)?;
        if !prepared.is_empty() {
            let inside = Session::open(&self.copier.target.config(database)).await?;
            for row in prepared {
                let gid: String = row.get(0);
                let rollback = format!("rollback prepared {}", literal(&gid));
                inside.batch_execute(&rollback).await.map_err(&step)?;
                left.push(Leftover::PreparedTransaction(gid));
            }
            inside.close().await;
            wait_until_empty(session, database).await.map_err(&step)?;
        }
        if self.copier.target.is_private() {
            let rows = session
                .query(
                    "select datname::text from pg_database \
                      where datname not in ('postgres', 'template0', 'template1') \
                        and not starts_with(datname::text, 'proofmark_') order by 1",
                    &[],
                )
                .await
                .map_err(&step)?;
            let mut foreign = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
            let names = rows.iter().map(|row| row.get::<_, String>(0));
            let new = names.filter(|name| foreign.insert(name.clone()));
            left.extend(new.map(Leftover::Database));
        }
        Ok(left)
    }

    /// The real names of the databases kept for failed tests.
    pub fn kept(&self) -> BTreeSet<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the pool: copies that nobody took are dropped, those on their way out are gone when
    /// this returns; kept ones stay.
    ///
    /// # Errors
    /// [`LeaseError`] when a database could not be dropped.
    pub async fn close(self) -> Result<(), LeaseError> {
        let Self { copier, ready, wanted, maker, dropping, dropper, .. } = self;
        if copier.target.is_private() {
            // The whole directory goes; a copy in the making need not be finished.
            maker.iter().for_each(JoinHandle::abort);
            dropper.abort();
            return Ok(());
        }
        if let Some(ready) = ready {
            let mut ready = ready.into_inner();
            ready.close();
            wanted.notify_one();
            while let Some(made) = ready.recv().await {
                if let Ok(database) = made {
                    drop(dropping.send(database));
                }
            }
        }
        if let Some(maker) = maker {
            // It ends by itself: nobody receives any more. A panic in it is a bug; say so.
            maker.await.map_err(|error| LeaseError::Earlier(error.to_string()))?;
        }
        drop(dropping);
        dropper.await.map_err(|error| LeaseError::Earlier(error.to_string()))?
    }
}

/// Drops what arrives, one at a time, off everybody's path.
async fn drop_all(
    target: Target,
    mut databases: mpsc::UnboundedReceiver<String>,
) -> Result<(), LeaseError> {
    let mut open = None;
    let mut first_failure = None;
    while let Some(database) = databases.recv().await {
        let session = match open.take() {
            Some(session) => session,
            None => Session::open(target.maintenance()).await?,
        };
        if let Err(source) = drop_database(&session, &database).await {
            first_failure.get_or_insert(LeaseError::Step { step: "dropping a database", source });
        }
        open = Some(session);
    }
    first_failure.map_or(Ok(()), Err)
}
