//! Resetting a database in place: the same database for one test after the other.
//!
//! In: a fresh copy of the template, once; then each time its test has ended, a [`Slot`]. Out: what
//! the test wrote, and the slot as if it had not.
//!
//! The steps, each a file: `look` asks the server about the database from outside; `detect` turns
//! the answer into the relations that may differ; `catalogs` explains what is harmless in the
//! catalogs; `undo` takes back the rest, with seeds from the `pristine` copy. What a copy consists
//! of is read once (`shape`), whether a server allows all this when the pool is opened (`support`).
//!
//! **Invariant**: a database that is not known to be pristine is never handed on. Every step that
//! fails, everything that is not understood, and everything that a reset does not know how to take
//! back (DDL, large objects, settings, statistics of the planner) ends in a reason
//! ([`Judged::Spoilt`]), and the slot is replaced by a fresh copy.

mod catalogs;
mod detect;
mod look;
mod pristine;
mod shape;
mod support;
mod undo;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::OnceCell;
use tokio_postgres::types::PgLsn;

pub(crate) use catalogs::newer_than;
use catalogs::{Explained, explain};
use detect::Dirty;
use detect::counters::{self, Moved};
pub(crate) use look::{Look, look_when_left};
use pristine::Pristine;
use shape::{Relation, Shape};
pub(crate) use support::missing;
pub(crate) use undo::Plan;

use crate::copier::Copier;
use crate::evidence::{self, Evidence, Questions, Watched};
use crate::lease::LeaseError;
use crate::returned::{Difference, TableWritten};
use crate::session::Session;
use crate::slot::{Baseline, Counters, Inside, Slot};

/// Returns after which a slot is replaced: `DELETE` leaves dead rows, and their pages and index
/// entries cost the next tests a little each.
const UNDONE_MAX: u32 = 1000;

/// Dead rows after which a slot is replaced.
const DEAD_MAX: i64 = 100_000;

/// Resets the copies of one template.
#[derive(Debug)]
pub(crate) struct Engine {
    copier: Arc<Copier>,
    exact: bool,
    /// For the tests of the comparison: nothing is taken back.
    flawed: AtomicBool,
    shape: OnceCell<Shape>,
    reads_wal: OnceCell<bool>,
    pristine: Pristine,
    watched: OnceCell<HashMap<u32, Watched>>,
}

/// What a look at a database came to.
#[derive(Debug)]
pub(crate) struct Judgement {
    /// The tables that were written to.
    pub(crate) written: Vec<TableWritten>,
    pub(crate) judged: Judged,
}

/// What can be done with a database whose test has ended.
#[derive(Debug)]
pub(crate) enum Judged {
    /// Nothing was written: it can be handed on as it is.
    Pristine,
    /// What was written can be taken back.
    Undo(Box<Work>),
    /// It has to be replaced, for this reason.
    Spoilt(String),
}

impl Judged {
    /// The counters that moved (deep mode); none: that is not known.
    fn counted(&self) -> Option<&[u32]> {
        match self {
            Self::Pristine => Some(&[]),
            Self::Undo(work) => Some(work.plan.counters()),
            Self::Spoilt(_) => None,
        }
    }
}

/// What undoing takes.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) plan: Plan,
    counters: HashMap<u32, Counters>,
    filenodes: Option<HashMap<u32, u32>>,
    dead: i64,
}

impl Engine {
    /// `exact` has every database replaced that was written to.
    pub(crate) fn new(copier: Arc<Copier>, exact: bool) -> Self {
        let pristine = Pristine::new(Arc::clone(&copier));
        Self {
            copier,
            exact,
            flawed: AtomicBool::new(false),
            shape: OnceCell::new(),
            reads_wal: OnceCell::new(),
            pristine,
            watched: OnceCell::new(),
        }
    }

    /// Has nothing taken back any more.
    pub(crate) fn leave_undone(&self) {
        self.flawed.store(true, Ordering::Relaxed);
    }

    /// The name of the copy that is never handed out, if there is one by now.
    pub(crate) async fn pristine_database(&self) -> Option<String> {
        self.pristine.database().await
    }

    async fn reads_wal(&self, control: &Session) -> bool {
        let target = &self.copier.target;
        let asked = self.reads_wal.get_or_try_init(|| support::reads_wal(target, control));
        // Without the WAL the counters are asked; the next slot tries again.
        asked.await.is_ok_and(|reads| *reads)
    }

    fn has_wal(&self) -> bool {
        self.reads_wal.get() == Some(&true)
    }

    /// Makes a slot of `database`, a fresh copy.
    pub(crate) async fn settle(
        &self,
        control: &Session,
        database: String,
    ) -> Result<Slot, LeaseError> {
        self.reads_wal(control).await;
        let session = Session::open(&self.copier.target.inside(&database)).await?;
        let shape = self.shape.get_or_try_init(|| Shape::read(&session)).await?;
        let step = LeaseError::step("preparing a database");
        let answers = session
            .simple_query(
                "begin; select pg_logical_emit_message(true, 'proofmark', ''); \
                 select pg_backend_pid(), oid, pg_current_wal_insert_lsn(), \
                        pg_current_xact_id()::xid \
                   from pg_database where datname = current_database(); commit",
            )
            .await
            .map_err(&step)?;
        let row = answers.iter().filter_map(shape::row).find(|row| row.len() == 4);
        let text = |place| row.and_then(|row| row.get(place)).unwrap_or_default();
        let (pid, oid, lsn) = (text(0).parse(), text(1).parse(), text(2).parse::<PgLsn>());
        let (Ok(pid), Ok(oid), Ok(lsn)) = (pid, oid, lsn) else {
            return Err(LeaseError::Earlier("the server did not describe a copy".to_owned()));
        };
        let baseline = Baseline { lsn, xid: text(3).to_owned(), belongings: String::new() };
        let mut inside = Inside {
            session,
            pid,
            oid,
            baseline,
            counters: HashMap::new(),
            reads: Some(HashMap::new()),
            filenodes: shape.filenodes.clone(),
            idle: Vec::new(),
            undone: 0,
            dead: 0,
        };
        let version = self.copier.target.version_num();
        let seen = look::look(control, version, &inside, &[], false).await?;
        inside.baseline.belongings = seen
            .belongings
            .ok_or_else(|| LeaseError::Earlier(format!("the copy `{database}` is gone")))?;
        Ok(Slot { database, inside: Some(Box::new(inside)) })
    }

    /// Connects to the slot's database again.
    pub(crate) async fn reopen(
        &self,
        database: &str,
        inside: &mut Inside,
    ) -> Result<(), LeaseError> {
        inside.session = Session::open(&self.copier.target.inside(database)).await?;
        let step = LeaseError::step("connecting to a returned database");
        let row = inside.session.query_one("select pg_backend_pid()", &[]).await.map_err(step)?;
        inside.pid = row.get(0);
        Ok(())
    }

    /// Looks at a slot's database when everybody but `known` has left; none when somebody does not.
    pub(crate) async fn look(
        &self,
        control: &Session,
        inside: &Inside,
        known: &[i32],
    ) -> Result<Option<Look>, LeaseError> {
        let version = self.copier.target.version_num();
        look_when_left(control, version, inside, known, self.has_wal()).await
    }

    /// What was written, and what can be done about it.
    pub(crate) async fn judge(
        &self,
        inside: &Inside,
        seen: &Look,
    ) -> Result<Judgement, LeaseError> {
        let step = LeaseError::step("asking a returned database what was written to it");
        let shape = self.shape.get().expect("a slot was settled, which reads the shape");
        let mut dirty = Dirty::default();
        let same_belongings = seen.belongings.as_ref() == Some(&inside.baseline.belongings);
        let counted = match &seen.files {
            Some(files) => {
                dirty.add_files(shape, &inside.filenodes, files);
                if dirty.is_empty() && same_belongings && !shape.has_unlogged() {
                    return Ok(Judgement { written: Vec::new(), judged: Judged::Pristine });
                }
                dirty.tables.iter().chain(&shape.unlogged).copied().collect()
            }
            None => shape.counted.clone(),
        };
        let now = counters::read(&inside.session, &counted).await.map_err(&step)?;
        let moved = counters::moved(shape, &inside.counters, &now, &mut dirty);
        let mut filenodes = None;
        let mut why = (!same_belongings).then(|| "the test changed its database".to_owned());
        if why.is_none() {
            why = self.unseen(inside, shape, seen, &mut dirty).await?;
        }
        if why.is_none() && (!dirty.catalogs.is_empty() || dirty.unknown_files) {
            match explain(inside, shape, &self.pristine, &mut dirty).await? {
                Explained::As(files) => {
                    filenodes = Some(files);
                    if seen.files.is_none() {
                        // They were only looked at because nobody said that they need not be.
                        dirty.catalogs.clear();
                    }
                }
                Explained::Not(reason) => why = Some(reason),
            }
        }
        let judged = match why {
            Some(why) => Judged::Spoilt(why),
            // A baseline that the WAL no longer reaches back to is of no use to the next test.
            None if dirty.is_empty() && (seen.files.is_some() || !self.has_wal()) => {
                Judged::Pristine
            }
            None if self.exact && !dirty.is_empty() => {
                Judged::Spoilt("a database that was written to is not used again".to_owned())
            }
            None => Self::plan(inside, shape, &dirty, &moved, now, filenodes),
        };
        Ok(Judgement { written: moved.written, judged })
    }

    /// Adds what the WAL did not tell, by looking at the rows themselves; or a reason to give the
    /// database up.
    async fn unseen(
        &self,
        inside: &Inside,
        shape: &Shape,
        seen: &Look,
        dirty: &mut Dirty,
    ) -> Result<Option<String>, LeaseError> {
        let (tables, sequences) = match seen.files {
            Some(_) => (shape.unlogged.clone(), shape.unlogged_sequences.clone()),
            None => (shape.counted.clone(), shape.sequences.keys().copied().collect()),
        };
        let lost = |error: tokio_postgres::Error| match error.as_db_error() {
            // Of something that is not there any more, or is called something else.
            Some(refused) => {
                Ok(Some(format!("the test changed the schema: {}", refused.message())))
            }
            None => Err(LeaseError::step("looking at the rows of a returned database")(error)),
        };
        let scanned: Vec<u32> =
            tables.into_iter().filter(|oid| shape.relations[oid].is_readable()).collect();
        if seen.files.is_none() {
            dirty.catalogs.extend(scanned.iter().filter(|oid| shape.is_catalog(**oid)));
        }
        let scanned = scanned.iter().filter(|oid| !shape.is_catalog(**oid));
        let counts = match catalogs::scan(inside, shape, scanned).await {
            Ok(counts) => counts,
            Err(error) => return lost(error),
        };
        for (oid, count, new) in counts {
            let relation = &shape.relations[&oid];
            if new > 0 || count != self.seeded(shape, relation, oid).await? {
                dirty.add(shape, oid);
            }
        }
        match shape.standing(&inside.session, &sequences).await {
            Ok(now) => {
                let moved = |oid: &u32| now.get(oid) != shape.sequences.get(oid);
                dirty.sequences.extend(sequences.into_iter().filter(moved));
                Ok(None)
            }
            Err(error) => lost(error),
        }
    }

    /// How many rows of a table the template has.
    async fn seeded(
        &self,
        shape: &Shape,
        relation: &Relation,
        oid: u32,
    ) -> Result<i64, LeaseError> {
        if relation.is_seedless() { Ok(0) } else { self.pristine.count(shape, oid).await }
    }

    fn plan(
        inside: &Inside,
        shape: &Shape,
        dirty: &Dirty,
        moved: &Moved,
        counters: HashMap<u32, Counters>,
        filenodes: Option<HashMap<u32, u32>>,
    ) -> Judged {
        let plan = match Plan::of(shape, dirty, moved) {
            Ok(plan) => plan,
            Err(why) => return Judged::Spoilt(why),
        };
        let dead = moved.by_table.values().map(|(inserted, changed)| inserted + changed).sum();
        if inside.undone >= UNDONE_MAX || inside.dead + dead > DEAD_MAX {
            let why = format!("after {} returns a fresh copy takes its place", inside.undone + 1);
            return Judged::Spoilt(why);
        }
        Judged::Undo(Box::new(Work { plan, counters, filenodes, dead }))
    }

    /// Asks a slot's database about what its test did, which was found to be `judged`.
    pub(crate) async fn evidence(
        &self,
        inside: &mut Inside,
        questions: &Questions,
        written: &[TableWritten],
        judged: &Judged,
    ) -> Result<Evidence, LeaseError> {
        let step = LeaseError::step("asking a returned database what its test did");
        let mut found = Evidence::default();
        if questions.scans {
            let watched = self.watched.get_or_try_init(|| evidence::watched(&inside.session));
            let watched = watched.await.map_err(&step)?;
            let now = evidence::counters(&inside.session, watched).await.map_err(&step)?;
            let before = inside.reads.as_ref();
            found.scans = before.map(|before| evidence::read_since(watched, before, &now));
            inside.reads = Some(now);
        }
        if !questions.rows.is_empty() {
            let since = evidence::Since::Transaction(&inside.baseline.xid);
            let rows = evidence::rows(&inside.session, questions, written, since).await;
            found.rows = Some(rows.map_err(&step)?);
        }
        if questions.counts {
            let counts = evidence::counts(&inside.session, judged.counted()).await;
            found.counts = counts.map_err(&step)?;
        }
        Ok(found)
    }

    /// What a slot differs in from the template.
    pub(crate) async fn compare(&self, inside: &Inside) -> Result<Vec<Difference>, LeaseError> {
        self.pristine.compare(&inside.session).await
    }

    /// Takes back what a test wrote.
    pub(crate) async fn undo(&self, inside: &mut Inside, work: Work) -> Result<(), LeaseError> {
        let shape = self.shape.get().expect("a slot was settled, which reads the shape");
        if self.flawed.load(Ordering::Relaxed) {
            return Ok(());
        }
        undo::undo(inside, shape, &self.pristine, &work.plan).await?;
        inside.counters.extend(work.counters);
        if let Some(filenodes) = work.filenodes {
            inside.filenodes = filenodes;
        }
        if work.plan.rewrites() {
            inside.filenodes = catalogs::files(inside).await?;
        }
        inside.undone += 1;
        inside.dead += work.dead;
        Ok(())
    }
}
