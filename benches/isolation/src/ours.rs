//! Our ways to a database of one's own.
//!
//! In: a pool. Out: [`Samples`] of tests that lease, connect, run and give back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use proofmark_pool::{Ending, Isolation, Pool, Session};

use crate::bodies::{Body, FLOW, Schema};
use crate::samples::{Report, Samples, ms};
use crate::server::Stage;
use crate::through::{Door, Way};

/// Tests that are run before any is timed.
const WARMING: usize = 50;

/// Everything of ours on one schema.
pub(crate) async fn all(
    stage: &Stage,
    schema: Schema,
    tests: usize,
    report: &Report,
) -> anyhow::Result<()> {
    let pool = stage.pool(schema);
    let name = schema.name();
    let trivial = schema.trivial();
    report.add("trivial: body alone, rolled back", name, bare(pool, trivial, tests).await?);
    for lanes in [1, 2] {
        let what =
            |what: &str| format!("{what}, {}", if lanes == 1 { "serial" } else { "2 slots" });
        let run = timed(stage, kept(pool, trivial, tests, lanes)).await?;
        report.add(&what("trivial: open connection"), name, run);
        let run = timed(stage, own(pool, trivial, tests, lanes)).await?;
        report.add(&what("trivial: own connection, direct"), name, run);
        let door = Door::open(stage)?;
        let run = timed(stage, door.run(schema, trivial, tests, lanes, Way::Proxy)).await?;
        report.add(&what("trivial: own connection, proxy"), name, run);
        let run = timed(stage, door.run(schema, trivial, tests, lanes, Way::Direct)).await?;
        report.add(&what("trivial: own connection, direct lane of a run"), name, run);
        door.close();
    }
    if schema == Schema::Thirty {
        report.add("9 tables: body alone, rolled back", name, bare(pool, FLOW, tests).await?);
        let run = timed(stage, kept(pool, FLOW, tests, 1)).await?;
        report.add("9 tables: open connection, serial", name, run);
        let run = timed(stage, kept(pool, FLOW, tests, 2)).await?;
        report.add("9 tables: open connection, 2 slots", name, run);
    }
    Ok(())
}

/// What the peers are compared with.
pub(crate) async fn for_comparison(
    stage: &Stage,
    schema: Schema,
    tests: usize,
    report: &Report,
) -> anyhow::Result<()> {
    let (pool, name, trivial) = (stage.pool(schema), schema.name(), schema.trivial());
    let run = timed(stage, kept(pool, trivial, tests, 1)).await?;
    report.add("ours, open connection", name, run);
    let run = timed(stage, kept(pool, trivial, tests, 2)).await?;
    report.add("ours, open connection, 2 slots", name, run);
    let door = Door::open(stage)?;
    let run = timed(stage, door.run(schema, trivial, tests, 1, Way::Proxy)).await?;
    report.add("ours, own connection", name, run);
    door.close();
    Ok(())
}

/// The other isolations: what a server without the rights gets.
pub(crate) async fn fallbacks(stage: &Stage, tests: usize, report: &Report) -> anyhow::Result<()> {
    let schema = Schema::Thirty;
    for isolation in [Isolation::Exact, Isolation::Clone] {
        let pool = stage.another(schema, &format!("bench_{isolation}"), isolation).await?;
        let tests = (tests / 10).max(20);
        let run = timed(stage, own(&pool, schema.trivial(), tests, 1)).await?;
        let what = format!("trivial: isolation = \"{isolation}\", own connection");
        report.add(&what, schema.name(), run);
        Arc::into_inner(pool).expect("its tests are over").close().await?;
    }
    Ok(())
}

/// With the processor time of the server.
async fn timed(
    stage: &Stage,
    run: impl Future<Output = anyhow::Result<Samples>>,
) -> anyhow::Result<Samples> {
    let begun = stage.processor_s()?;
    let mut samples = run.await?;
    let used = (stage.processor_s()? - begun) * 1e3;
    samples.server_ms = Some(used / crate::samples::count(samples.tests.len() + WARMING));
    Ok(samples)
}

/// Runs `tests` of `one` on so many lanes at once, after a few that do not count.
pub(crate) async fn lanes<F>(
    tests: usize,
    lanes: usize,
    one: impl Fn(usize) -> F + Clone + Send + 'static,
) -> anyhow::Result<Samples>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let run = |until: usize| {
        let spawned = (0..lanes).map(|_| tokio::spawn(lane(Arc::clone(&next), until, one.clone())));
        join_all(spawned)
    };
    for warmed in run(WARMING).await {
        warmed??;
    }
    next.store(WARMING, Ordering::Relaxed);
    let (begun, mut times) = (Instant::now(), Vec::new());
    for lane in run(WARMING + tests).await {
        times.extend(lane??);
    }
    Ok(Samples::since(begun, times))
}

async fn lane<F>(
    next: Arc<AtomicUsize>,
    until: usize,
    one: impl Fn(usize) -> F,
) -> anyhow::Result<Vec<f64>>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= until {
            return Ok(times);
        }
        let begun = Instant::now();
        one(number).await?;
        times.push(ms(begun.elapsed()));
    }
}

/// The body again and again on one connection, isolated from nothing.
async fn bare(pool: &Arc<Pool>, body: Body, tests: usize) -> anyhow::Result<Samples> {
    let lease = pool.lease().await?;
    let session = Arc::new(Session::open(&pool.target().config(&lease.database)).await?);
    let inside = Arc::clone(&session);
    let samples = lanes(tests, 1, move |_| {
        let session = Arc::clone(&inside);
        async move { Ok(body.bare(&session).await?) }
    })
    .await?;
    Arc::into_inner(session).expect("its lane has ended").close().await;
    pool.give_back(&lease, Ending::default()).await?;
    Ok(samples)
}

/// Connections that stay open between the tests: the fixture `proofmark::Connection`.
pub(crate) async fn kept(
    pool: &Arc<Pool>,
    body: Body,
    tests: usize,
    at_once: usize,
) -> anyhow::Result<Samples> {
    let pool = Arc::clone(pool);
    lanes(tests, at_once, move |_| {
        let pool = Arc::clone(&pool);
        async move {
            let lease = pool.lease().await?;
            let connection = pool.connection(&lease).await?;
            body.run(&connection).await?;
            drop(connection);
            pool.give_back(&lease, Ending::default()).await?;
            Ok(())
        }
    })
    .await
}

/// A connection that the test itself opens, to the server itself.
async fn own(
    pool: &Arc<Pool>,
    body: Body,
    tests: usize,
    at_once: usize,
) -> anyhow::Result<Samples> {
    let pool = Arc::clone(pool);
    lanes(tests, at_once, move |_| {
        let pool = Arc::clone(&pool);
        async move {
            let lease = pool.lease().await?;
            let session = Session::open(&pool.target().config(&lease.database)).await?;
            body.run(&session).await?;
            session.close().await;
            pool.give_back(&lease, Ending::default()).await?;
            Ok(())
        }
    })
    .await
}
