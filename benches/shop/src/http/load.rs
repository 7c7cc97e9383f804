//! Closed and open load.
//!
//! Closed: so many clients, each asks again when it was answered. Open: visits begin by the clock,
//! whether or not the ones before have ended, and the time of one counts from when it should have
//! begun, so a service that falls behind cannot hide it.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::client::{Buyer, Ended};
use super::measured::Measured;

async fn once(buyer: &Buyer, from: Instant, measured: &mut Measured) {
    match buyer.visit().await {
        Ok(_) => measured.times.push(from.elapsed()),
        Err(Ended::Shed) => measured.shed += 1,
        Err(Ended::Failed(problem)) => measured.failed.push(problem),
    }
}

/// So many clients for a time.
pub(super) async fn closed(
    buyer: &Buyer,
    clients: u32,
    lasts: Duration,
) -> anyhow::Result<Measured> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let buyer = buyer.clone();
        tasks.spawn(async move {
            let mut measured = Measured::default();
            while begun.elapsed() < lasts {
                once(&buyer, Instant::now(), &mut measured).await;
            }
            measured
        });
    }
    gather(tasks, begun).await
}

/// So many visits a second for a time.
pub(super) async fn open(buyer: &Buyer, rate: f64, lasts: Duration) -> anyhow::Result<Measured> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    let mut at = begun;
    while at.duration_since(begun) < lasts {
        sleep_until(at).await;
        let buyer = buyer.clone();
        tasks.spawn(async move {
            let mut measured = Measured::default();
            once(&buyer, at, &mut measured).await;
            measured
        });
        at += Duration::from_secs_f64(1.0 / rate);
    }
    gather(tasks, begun).await
}

async fn gather(mut tasks: JoinSet<Measured>, begun: Instant) -> anyhow::Result<Measured> {
    let mut all = Measured::default();
    while let Some(done) = tasks.join_next().await {
        all.take(done?);
    }
    all.elapsed = begun.elapsed();
    Ok(all)
}
