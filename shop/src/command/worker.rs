//! `shop worker`: the duties, beside a service that runs elsewhere.

use std::sync::Arc;

use shop::context::Context;
use shop::event::webhook::{Reach, Sender};
use shop::payment::provider::fake::FakeProvider;
use shop::payment::provider::{InternalProvider, ManualProvider, Provider};
use shop::telemetry::Metrics;
use shop::worker::{self, Work};
use sqlx::PgPool;

use super::args::{Outgoing, Worker};
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
        sender: sender(&arguments.outgoing)?,
        metrics: Arc::new(Metrics::new()),
    };
    let stop = Stop::listen()?;
    say::named("worker", "outbox, webhooks, sweeper, expiry, recovery");
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

/// Who sends webhooks.
pub(super) fn sender(outgoing: &Outgoing) -> Result<Sender, Failure> {
    let reach = if outgoing.webhooks_to_private { Reach::Private } else { Reach::Public };
    Sender::new(reach).map_err(|error| {
        Failure::of("webhooks cannot be sent", &error)
            .help("install the root certificates of the system (ca-certificates)")
    })
}
