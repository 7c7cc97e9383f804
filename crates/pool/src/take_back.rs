//! Taking a lease back.
//!
//! In: a lease and how its test ended. Out: [`Returned`]; the database itself goes where it
//! belongs: to the stock, to be undone, to be dropped, or to those that are kept.
//!
//! **Invariant**: every lease that comes back leaves the count of those that are out, whatever
//! fails; and what fails disposes of the database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use crate::claim::unmark;
use crate::connection::{Idle, recycle};
use crate::evidence::{self, Evidence, Questions};
use crate::invariants::Checked;
use crate::lease::{LeaseError, literal, told, wait_until_empty};
use crate::pool::{Ending, Held, Outcome};
use crate::reset::{Engine, Judged, Judgement, Look};
use crate::returned::{How, Leftover, Returned, TableWritten};
use crate::session::Session;
use crate::slot::{Inside, Slot};
use crate::statistics;
use crate::workshop::Workshop;

/// A condition for rows that are newer than the copy they are in.
const NEWER_THAN_COPY: &str = "age(xmin) < (select age(d.xmin) from pg_database d \
                               where d.datname = current_database())";

/// What is known of a lease that came back, before it is decided what becomes of its database.
#[derive(Debug, Default)]
struct Found {
    returned: Returned,
    /// None: the database is gone.
    judged: Option<Judged>,
    /// As [`crate::reset::Look`] has it.
    quiet: Option<String>,
}

impl Workshop {
    /// Takes back `held`.
    pub(crate) async fn take_back(
        self: &Arc<Self>,
        held: Held,
        ending: Ending<'_>,
    ) -> Result<Returned, LeaseError> {
        let Held { mut slot, home } = held;
        let lent = home.close();
        let found = if let (Some(engine), Some(inside)) = (&self.engine, &mut slot.inside) {
            let idle = recycle(lent).await;
            let found = self.examine(engine, &slot.database, inside, &idle, ending).await;
            inside.idle = idle;
            found
        } else {
            drop(lent);
            self.examine_copy(&slot.database, ending).await
        };
        match found {
            Ok(found) => self.settle_accounts(slot, found, ending).await,
            Err(error) => {
                self.stock.back(false);
                self.dispose(slot);
                Err(error)
            }
        }
    }

    /// Examines the database of a slot; what fails for want of a connection is tried once more.
    async fn examine(
        &self,
        engine: &Engine,
        database: &str,
        inside: &mut Inside,
        idle: &[Idle],
        ending: Ending<'_>,
    ) -> Result<Found, LeaseError> {
        match self.examine_once(engine, database, inside, idle, ending).await {
            Err(_) if inside.session.is_closed() => {
                self.examine_once(engine, database, inside, idle, ending).await
            }
            done => done,
        }
    }

    async fn examine_once(
        &self,
        engine: &Engine,
        database: &str,
        inside: &mut Inside,
        idle: &[Idle],
        ending: Ending<'_>,
    ) -> Result<Found, LeaseError> {
        let control = self.sessions.take().await?;
        let mut known = ending.warm.to_vec();
        known.push(inside.pid);
        known.extend(idle.iter().map(|idle| idle.pid));
        let mut found = Found::default();
        database.clone_into(&mut found.returned.database);
        let Some(seen) = engine.look(&control, inside, &known).await? else {
            let why = "a client of the test did not leave its database".to_owned();
            found.judged = Some(Judged::Spoilt(why));
            return Ok(found);
        };
        self.sessions.put(control);
        if seen.belongings.is_none() {
            let dropped = Leftover::OwnDatabaseDropped(database.to_owned());
            found.returned.left.push(dropped);
            return Ok(found);
        }
        if inside.session.is_closed() {
            engine.reopen(database, inside).await?;
        }
        self.roll_back(inside, &seen, &mut found.returned).await?;
        let Judgement { written, judged } = engine.judge(inside, &seen).await?;
        if ending.check && !written.is_empty() {
            let checked = self.invariants.check(&inside.session, &written).await?;
            found.returned.checked = checked.checked;
            found.returned.broken = checked.broken;
        }
        if let Some(questions) = self.questions.get() {
            found.returned.evidence = engine.evidence(inside, questions, &written, &judged).await?;
        }
        found.returned.written = written;
        found.judged = Some(judged);
        found.quiet = seen.quiet;
        Ok(found)
    }

    /// Rolls back what the test has prepared and not finished.
    async fn roll_back(
        &self,
        inside: &Inside,
        seen: &Look,
        returned: &mut Returned,
    ) -> Result<(), LeaseError> {
        let step = LeaseError::step("rolling back what a test prepared");
        for gid in &seen.prepared {
            let rollback = format!("rollback prepared {}", literal(gid));
            inside.session.batch_execute(&rollback).await.map_err(&step)?;
            returned.left.push(Leftover::PreparedTransaction(gid.clone()));
        }
        Ok(())
    }

    /// Decides what becomes of the database.
    async fn settle_accounts(
        self: &Arc<Self>,
        slot: Slot,
        found: Found,
        ending: Ending<'_>,
    ) -> Result<Returned, LeaseError> {
        let Found { mut returned, judged, quiet } = found;
        let kept = ending.outcome == Outcome::Failed || !returned.broken.is_empty();
        let kept = kept && judged.is_some();
        match self.cluster.returned_after(&slot.database, kept, quiet).await {
            Ok(left) => returned.left.extend(left),
            Err(error) => {
                self.stock.back(false);
                self.dispose(slot);
                return Err(error);
            }
        }
        let Some(judged) = judged else {
            self.stock.back(false);
            returned.how = How::Replaced { why: "its test dropped it".to_owned() };
            return Ok(returned);
        };
        if kept {
            self.stock.back(false);
            self.keep(slot, ending.warm).await?;
            returned.kept = true;
            returned.how = How::Kept;
            return Ok(returned);
        }
        if slot.inside.is_none() {
            self.stock.back(false);
            self.dispose(slot);
            returned.how = How::Dropped;
            return Ok(returned);
        }
        if let Judged::Undo(work) = &judged {
            let (tables, sequences) = (work.plan.tables(), work.plan.sequences());
            returned.how = How::Undone { tables, sequences };
        }
        match judged {
            Judged::Spoilt(why) => {
                self.stock.back(false);
                self.dispose(slot);
                returned.how = How::Replaced { why };
            }
            judged if self.verifies() => self.verified(slot, judged, &mut returned).await,
            Judged::Pristine => {
                self.stock.back(true);
                self.arrive(slot);
            }
            Judged::Undo(work) => {
                self.stock.back(true);
                let workshop = Arc::clone(self);
                self.spawn(async move { workshop.undo(slot, *work).await });
            }
        }
        Ok(returned)
    }

    /// Compares `slot` with the template, after what was written to it has been taken back. What
    /// differs, or cannot be compared, is not handed on.
    async fn verified(&self, mut slot: Slot, judged: Judged, returned: &mut Returned) {
        self.stock.back(true);
        let compared = match (&self.engine, &mut slot.inside) {
            (Some(engine), Some(inside)) => match judged {
                Judged::Undo(work) => match engine.undo(inside, *work).await {
                    Ok(()) => engine.compare(inside).await,
                    Err(error) => Err(error),
                },
                _ => engine.compare(inside).await,
            },
            _ => Ok(Vec::new()),
        };
        match compared {
            Ok(differs) => {
                returned.verified = true;
                returned.differs = differs;
            }
            Err(error) => {
                self.note_setback(&slot, &error);
                returned.how = How::Replaced { why: told(&error) };
                self.stock.failed(None);
                self.dispose(slot);
                return;
            }
        }
        if returned.differs.is_empty() {
            self.arrive(slot);
        } else {
            let why = "it was not equal to the template".to_owned();
            returned.how = How::Replaced { why };
            self.stock.failed(None);
            self.dispose(slot);
        }
    }

    /// Lets the database stay under its name.
    async fn keep(&self, slot: Slot, warm: &[i32]) -> Result<(), LeaseError> {
        let Slot { database, inside } = slot;
        drop(inside);
        let control = self.sessions.take().await?;
        end(&control, warm).await?;
        unmark(&control, &database).await?;
        self.sessions.put(control);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(database);
        Ok(())
    }

    /// Examines a database that is a copy for one test.
    async fn examine_copy(&self, database: &str, ending: Ending<'_>) -> Result<Found, LeaseError> {
        let step = LeaseError::step("taking a database back");
        let control = self.sessions.take().await?;
        end(&control, ending.warm).await?;
        wait_until_empty(&control, database).await.map_err(&step)?;
        let mut returned = Returned { database: database.to_owned(), ..Returned::default() };
        returned.left = self.leftovers(&control, database).await?;
        let there = control
            .query_opt("select from pg_database where datname = $1", &[&database])
            .await
            .map_err(&step)?
            .is_some();
        if !there {
            returned.left.push(Leftover::OwnDatabaseDropped(database.to_owned()));
            return Ok(Found { returned, ..Found::default() });
        }
        let target = &self.copier.target;
        let questions = self.questions.get();
        let is_asked = questions.is_some_and(|asked| asked.scans || asked.counts);
        if statistics::touched(target, &control, database).await? || is_asked {
            let inside = Session::open(&target.inside(database)).await?;
            returned.written = statistics::written(&inside).await?;
            if let Some(questions) = questions {
                let asked = evidence_of_copy(&inside, questions, &returned.written).await;
                returned.evidence = asked.map_err(&step)?;
            }
            if ending.check {
                let Checked { checked, broken } =
                    self.invariants.check(&inside, &returned.written).await?;
                (returned.checked, returned.broken) = (checked, broken);
            }
            inside.close().await;
        }
        self.sessions.put(control);
        Ok(Found { returned, judged: Some(Judged::Pristine), quiet: None })
    }

    /// What a test left besides its copy; prepared transactions are rolled back, because they would
    /// keep the database from being dropped.
    async fn leftovers(
        &self,
        control: &Session,
        database: &str,
    ) -> Result<Vec<Leftover>, LeaseError> {
        let step = LeaseError::step("looking for what a test left behind");
        let mut left = Vec::new();
        let prepared = control
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
            wait_until_empty(control, database).await.map_err(&step)?;
        }
        Ok(left)
    }
}

/// Asks a copy about what its test did. Its counters were all zero, and every row that is newer
/// than the copy itself is the test's.
async fn evidence_of_copy(
    session: &Session,
    questions: &Questions,
    written: &[TableWritten],
) -> Result<Evidence, tokio_postgres::Error> {
    let mut found = Evidence::default();
    if questions.scans {
        let watched = evidence::watched(session).await?;
        let now = evidence::counters(session, &watched).await?;
        found.scans = Some(evidence::read_since(&watched, &HashMap::new(), &now));
    }
    if !questions.rows.is_empty() {
        let since = evidence::Since::Copied(NEWER_THAN_COPY);
        found.rows = Some(evidence::rows(session, questions, written, since).await?);
    }
    if questions.counts {
        found.counts = evidence::counts(session, None).await?;
    }
    Ok(found)
}

/// Ends the backends `pids`.
async fn end(control: &Session, pids: &[i32]) -> Result<(), LeaseError> {
    if !pids.is_empty() {
        control
            .execute("select pg_terminate_backend(pid) from unnest($1::int[]) p(pid)", &[&pids])
            .await
            .map_err(LeaseError::step("ending the warm connections of a database"))?;
    }
    Ok(())
}
