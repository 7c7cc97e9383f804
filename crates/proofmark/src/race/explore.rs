//! Chooses the schedules and runs each from a fresh beginning.
//!
//! In go four closures, out comes [`Explored`].
//!
//! **Invariant**: nothing of a schedule is left when the next one begins but the rows that it
//! wrote, which is why `setup` makes new ones.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use proofmark_proxy::gate::{Actor, Gate};
use tokio::sync::Notify;

use super::conduct::{ACTORS, Conductor, Cue, Pick, Stuck};
use super::outcome::{Broken, Explored, Line, Ran};
use super::schedule::Schedule;
use super::verdict::Verdict;
use crate::fixture::{FromLease, Lease};
use crate::run::message;

/// How long nobody may be able to go on before a schedule is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Names one schedule that is to be run instead of all.
const ONLY: &str = "PROOFMARK_SCHEDULE";
/// How long an ending of a fixture may take.
const ENDING: Duration = Duration::from_secs(2);

/// Two calls that are to be raced on one lease.
///
/// ```no_run
/// # use proofmark::{Lease, race::Race};
/// # use sqlx::PgPool;
/// # async fn reserve(_: &PgPool, _: i64) -> Result<(), sqlx::Error> { Ok(()) }
/// # async fn example(lease: Lease) {
/// let explored = Race::new(&lease)
///     .explore(
///         // What every schedule begins with: objects of its own.
///         async |db: PgPool| -> i64 {
///             let insert = "insert into stock (quantity) values (1) returning id";
///             sqlx::query_scalar(insert).fetch_one(&db).await.unwrap()
///         },
///         // The two calls, each with connections of its own.
///         async |db: PgPool, stock| reserve(&db, *stock).await.is_ok(),
///         async |db: PgPool, stock| reserve(&db, *stock).await.is_ok(),
///         // What must be true when both are done.
///         async |_: PgPool, _, a, b| assert!(!(*a && *b), "one item, sold twice"),
///     )
///     .await;
/// explored.assert_holds();
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Race {
    lease: Lease,
    schedules: Vec<Schedule>,
    patience: Duration,
}

impl Race {
    /// A race on the database of `lease`.
    pub fn new(lease: &Lease) -> Self {
        Self { lease: lease.clone(), schedules: Vec::new(), patience: PATIENCE }
    }

    /// Runs this schedule, a replay token such as `a3b*a*`, instead of all; may be said repeatedly.
    ///
    /// # Panics
    /// When the token is none.
    #[must_use]
    #[track_caller]
    pub fn schedule(mut self, token: &str) -> Self {
        let schedule = token.parse().unwrap_or_else(|error| panic!("{error}"));
        self.schedules.push(schedule);
        self
    }

    /// How long nobody may be able to go on (both wait for something outside of the database)
    /// before a schedule is given up as stuck. 10 seconds.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs the schedules.
    ///
    /// Each closure takes its connection as any fixture of a test ([`FromLease`]): a `PgPool`, a
    /// `tokio_postgres::Client`, a [`Lease`] for a URL, or one of your own. Those of `a` and `b`
    /// lead through the gate, each on its own; those of `setup` and `check` do not. `check`
    /// gets what `setup` made and what the calls returned; it panics, or returns an error, when
    /// something is wrong. A call that panics is something wrong.
    ///
    /// When the environment has a `PROOFMARK_SCHEDULE`, only that one is run.
    ///
    /// # Panics
    /// When `setup` does, when a fixture cannot be made, or when the gate cannot be opened.
    pub async fn explore<S, FS, FA, FB, FC, RA, RB, V>(
        &self,
        setup: impl AsyncFn(FS) -> S,
        a: impl AsyncFn(FA, &S) -> RA,
        b: impl AsyncFn(FB, &S) -> RB,
        check: impl AsyncFn(FC, &S, &RA, &RB) -> V,
    ) -> Explored
    where
        FS: FromLease,
        FA: FromLease,
        FB: FromLease,
        FC: FromLease,
        V: Verdict,
    {
        let gate = Gate::start(&self.lease.config(), ACTORS.len()).unwrap_or_else(|error| {
            panic!("the gate could not be opened: {}", crate::run::describe(&error))
        });
        let stage = Stage { race: self, gate: &gate };
        let run = async |schedule: Schedule| {
            let mut ran = Box::pin(stage.run(&schedule, &setup, &a, &b, &check)).await;
            if ran.broken.is_some() {
                let again = Box::pin(stage.run(&schedule, &setup, &a, &b, &check)).await;
                ran.repeated = Some(again.broken.is_some());
            }
            ran
        };
        let mut ran = Vec::new();
        for schedule in self.chosen() {
            ran.push(run(schedule).await);
        }
        if !ran.is_empty() {
            return Explored { ran };
        }
        for first in ACTORS {
            ran.push(run(Schedule::serial(first)).await);
        }
        for first in ACTORS {
            let steps = ran[first.0].steps[first.0];
            for preempted_after in 1..steps {
                if is_stuck(&ran) {
                    break;
                }
                ran.push(run(Schedule::preempting(first, preempted_after)).await);
            }
        }
        Explored { ran }
    }

    /// The schedules that were asked for by name.
    fn chosen(&self) -> Vec<Schedule> {
        match std::env::var(ONLY) {
            Ok(token) if !token.is_empty() => {
                let schedule = token.parse().unwrap_or_else(|error| panic!("{ONLY}: {error}"));
                vec![schedule]
            }
            _ => self.schedules.clone(),
        }
    }
}

/// A schedule that is stuck costs its whole patience; one is enough.
fn is_stuck(ran: &[Ran]) -> bool {
    ran.iter().any(|ran| matches!(ran.broken, Some(Broken::Stuck(_))))
}

#[derive(Clone, Copy)]
struct Stage<'a> {
    race: &'a Race,
    gate: &'a Gate,
}

impl Stage<'_> {
    async fn run<S, FS, FA, FB, FC, RA, RB, V>(
        self,
        schedule: &Schedule,
        setup: &impl AsyncFn(FS) -> S,
        a: &impl AsyncFn(FA, &S) -> RA,
        b: &impl AsyncFn(FB, &S) -> RB,
        check: &impl AsyncFn(FC, &S, &RA, &RB) -> V,
    ) -> Ran
    where
        FS: FromLease,
        FA: FromLease,
        FB: FromLease,
        FC: FromLease,
        V: Verdict,
    {
        let lease = &self.race.lease;
        let aside = lease.again();
        let subject = setup(fixture::<FS>(&aside).await).await;
        let leases = ACTORS.map(|actor| lease.through(self.gate, actor));
        let (for_a, for_b) = (fixture::<FA>(&leases[0]).await, fixture::<FB>(&leases[1]).await);
        self.gate.forget();
        self.hold_all(true);

        let cues = [Cue::default(), Cue::default()];
        let ended = Notify::new();
        let picks = RefCell::default();
        let (gate, patience) = (self.gate, self.race.patience);
        let conductor = Conductor { gate, cues: &cues, ended: &ended, patience, picks: &picks };
        let calls = async {
            tokio::join!(
                on_cue(&cues[0], &ended, async { a(for_a, &subject).await }),
                on_cue(&cues[1], &ended, async { b(for_b, &subject).await }),
            )
        };
        let (conducted, results) = together(conductor.run(schedule), calls).await;
        self.hold_all(false);
        let mut ran = self.note(schedule, &picks.borrow());
        for lease in &leases {
            end(lease).await;
        }
        ran.broken = match (conducted, results) {
            (Err(Stuck(why)), _) => Some(Broken::Stuck(why)),
            (Ok(()), Some((Ok(a), Ok(b)))) => {
                let checked = async { check(fixture::<FC>(&aside).await, &subject, &a, &b).await };
                match AssertUnwindSafe(checked).catch_unwind().await {
                    Ok(verdict) => verdict.objection().map(Broken::Check),
                    Err(panic) => Some(Broken::Check(said(panic.as_ref()))),
                }
            }
            (Ok(()), Some((Err(panic), _))) => Some(Broken::Call(Actor(0), said(panic.as_ref()))),
            (Ok(()), Some((_, Err(panic)))) => Some(Broken::Call(Actor(1), said(panic.as_ref()))),
            (Ok(()), None) => Some(Broken::Stuck("the calls did not end".to_owned())),
        };
        end(&aside).await;
        ran
    }

    fn hold_all(self, holds: bool) {
        for actor in ACTORS {
            self.gate.hold_all(actor, holds);
        }
    }

    /// What was let go, with the beginnings of the calls in between.
    fn note(self, schedule: &Schedule, picks: &[Pick]) -> Ran {
        let mut lines: Vec<Line> = self.gate.happened().into_iter().map(Line::Step).collect();
        let began = picks.iter().filter_map(|pick| Some((pick.began?, pick.actor)));
        let began: Vec<(usize, Actor)> = began.collect();
        for (before, actor) in began.into_iter().rev() {
            lines.insert(before.min(lines.len()), Line::Began(actor));
        }
        let count = |actor: Actor| picks.iter().filter(|pick| pick.actor == actor).count();
        Ran {
            schedule: schedule.clone(),
            lines,
            steps: ACTORS.map(count),
            preemptions: picks.iter().filter(|pick| pick.preempts).count(),
            broken: None,
            repeated: None,
            test: self.race.lease.test().to_owned(),
        }
    }
}

type Panic = Box<dyn std::any::Any + Send>;

/// Runs a call once it is told to begin, and says when it has ended.
async fn on_cue<R>(cue: &Cue, ended: &Notify, call: impl Future<Output = R>) -> Result<R, Panic> {
    cue.start.notified().await;
    let result = AssertUnwindSafe(call).catch_unwind().await;
    cue.is_done.set(true);
    ended.notify_one();
    result
}

/// Runs both until the conductor is done; the calls are dropped if they are not.
async fn together<T, R>(
    conductor: impl Future<Output = T>,
    calls: impl Future<Output = R>,
) -> (T, Option<R>) {
    tokio::pin!(conductor, calls);
    let mut results = None;
    loop {
        tokio::select! {
            biased;
            done = &mut calls, if results.is_none() => results = Some(done),
            conducted = &mut conductor => return (conducted, results),
        }
    }
}

async fn fixture<F: FromLease>(lease: &Lease) -> F {
    F::from_lease(lease).await.unwrap_or_else(|error| {
        let error: Box<dyn std::error::Error + Send + Sync> = error.into();
        panic!("a fixture of the race could not be made: {}", crate::run::describe(&*error))
    })
}

/// Runs the endings that fixtures have registered.
async fn end(lease: &Lease) {
    while let Some(ending) = lease.next_ending() {
        // Whoever takes longer loses its connections with the test's runtime.
        drop(tokio::time::timeout(ENDING, ending()).await);
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    message(panic).unwrap_or("no message").to_owned()
}
