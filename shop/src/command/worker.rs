//! `shop worker`: the duties, beside a service that runs elsewhere.

use std::sync::Arc;

use shop::context::Context;
use shop::payment::provider::fake::FakeProvider;
use shop::payment::provider::{InternalProvider, ManualProvider, Provider};
use shop::telemetry::Metrics;
use shop::worker::{self, Work};
use sqlx::PgPool;

use super::args::Worker;
use super::database::{Database, Sharing};
use super::failure::Failure;
use super::stop::Stop;
use super::{migrate, say};

pub(super) async fn worker(arguments: &Worker) -> Result<(), Failure> {
    let database = Database::open(&arguments.database, Sharing::Join).await?;
    migrate::demand(&database.pool).await?;
    let context = Context::system();
    let work = Work {
        providers: providers(&database.pool, &context),
        pool: database.pool.clone(),
        context,
        metrics: Arc::new(Metrics::new()),
    };
    let stop = Stop::listen()?;
    say::named("worker", "outbox, sweeper, expiry, recovery");
    tokio::select! {
        () = worker::run(work, stop.clone().told()) => {}
        () = stop.told_twice() => {}
    }
    database.close().await
}

/// Who moves the money of this shop: itself, people, and a provider for trying things out.
pub(super) fn providers(pool: &PgPool, context: &Context) -> Vec<Arc<dyn Provider>> {
    vec![
        Arc::new(InternalProvider::new(pool.clone(), context.clone())),
        Arc::new(ManualProvider),
        Arc::new(FakeProvider::new(context.clone())),
    ]
}
