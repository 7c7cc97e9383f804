//! What is done although nobody asks: publishing, delivering, sweeping, expiring, recovering.
//!
//! In: a database, the providers of payments, and how to reach webhooks. Out: nothing that is due
//! stays undone. Each duty is a loop of small steps; between two steps it stops when it is told to.
//! Any number of workers may run beside each other, in one process or in many: what one of them is
//! at, the others pass over.
//!
//! **Invariant**: a step that fails, or panics, is tried again later and stops no other duty.

mod deliveries;
mod expiry;
mod outbox;
mod recovery;
mod sweeper;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;

use crate::context::{Actor, Context};
use crate::event::webhook::Sender;
use crate::payment::provider::Provider;
use crate::telemetry::Metrics;
use crate::telemetry::log::Described;

pub use deliveries::Deliveries;
pub use expiry::Expiry;
pub use outbox::Outbox;
pub use recovery::Recovery;
pub use sweeper::Sweeper;

/// What a worker works with. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Work {
    /// The database.
    pub pool: PgPool,
    /// The clock and the ids.
    pub context: Context,
    /// Who moves money.
    pub providers: Vec<Arc<dyn Provider>>,
    /// Who sends webhooks.
    pub sender: Sender,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Work {
    fn acting(&self, name: &str) -> Context {
        self.context.acting(Actor::named(&format!("worker:{name}")))
    }
}

/// An error of a duty: it is told, and the step is tried again.
pub type DutyError = Box<dyn std::error::Error + Send + Sync>;

/// One kind of work.
pub trait Duty: fmt::Debug + Send + 'static {
    /// Its name in logs and in histories.
    const NAME: &'static str;
    /// How long it rests when there was nothing to do.
    const PAUSE: Duration;

    /// Does a small part; whether there may be more at once.
    fn step(&mut self) -> impl Future<Output = Result<bool, DutyError>> + Send;

    /// Finishes what the steps have begun.
    fn finish(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Does all duties until `shutdown` is ready; then each finishes the step that it is at.
pub async fn run(work: Work, shutdown: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(false);
    let mut duties = tokio::task::JoinSet::new();
    start(&mut duties, &work, &stopped, Outbox::new);
    start(&mut duties, &work, &stopped, Deliveries::new);
    start(&mut duties, &work, &stopped, Sweeper::new);
    start(&mut duties, &work, &stopped, Expiry::new);
    start(&mut duties, &work, &stopped, Recovery::new);
    shutdown.await;
    stop.send_replace(true);
    while duties.join_next().await.is_some() {}
}

fn start<D: Duty>(
    duties: &mut tokio::task::JoinSet<()>,
    work: &Work,
    stopped: &watch::Receiver<bool>,
    begin: fn(Work) -> D,
) {
    let (work, stopped) = (work.clone(), stopped.clone());
    duties.spawn(async move {
        // A panic ends the task of the duty, and another one takes its place.
        loop {
            let duty = begin(work.clone());
            let task = tokio::spawn(repeat(duty, stopped.clone()));
            if task.await.is_ok() {
                return;
            }
            tracing::error!(duty = D::NAME, "a duty panicked and begins anew");
            rest(D::PAUSE, &mut stopped.clone()).await;
        }
    });
}

async fn repeat<D: Duty>(mut duty: D, mut stopped: watch::Receiver<bool>) {
    let mut failed = 0_u32;
    while !*stopped.borrow() {
        let pause = match duty.step().await {
            Ok(true) => {
                failed = 0;
                continue;
            }
            Ok(false) => {
                failed = 0;
                D::PAUSE
            }
            Err(error) => {
                let described = Described(error.as_ref());
                tracing::warn!(duty = D::NAME, error = %described, "a step of a duty failed");
                failed = (failed + 1).min(6);
                D::PAUSE.max(Duration::from_millis(100)) * 2_u32.pow(failed)
            }
        };
        rest(pause.min(Duration::from_secs(30)), &mut stopped).await;
    }
    duty.finish().await;
}

/// Sleeps, unless it is told to stop.
async fn rest(pause: Duration, stopped: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        // An error means that nobody is left who could tell: then this ends soon anyway.
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}
