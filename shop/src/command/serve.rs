//! `shop serve`: the whole service in one process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use shop::context::Context;
use shop::http::{AppState, Limits, Providers};
use shop::telemetry::Metrics;
use shop::worker::{self, Work};
use tokio::net::TcpListener;

use super::args::Serve;
use super::database::{Database, Sharing};
use super::failure::{Failure, OrFail as _};
use super::stop::Stop;
use super::worker::{providers, sender};
use super::{keys, migrate, say};

pub(super) async fn serve(arguments: &Serve) -> Result<(), Failure> {
    let begun = Instant::now();
    let stop = Stop::listen()?;
    let database = Database::open(&arguments.database, Sharing::Refuse).await?;
    tokio::select! {
        served = on(arguments, &database, &stop, begun) => served?,
        () = stop.clone().told_twice() => {}
    }
    database.close().await
}

async fn on(
    arguments: &Serve,
    database: &Database,
    stop: &Stop,
    begun: Instant,
) -> Result<(), Failure> {
    migrate::bring(&database.pool).await?;
    let context = Context::system();
    let mut state = AppState::new(
        database.pool.clone(),
        context.clone(),
        Providers::new(providers(&database.pool, &context)),
        Limits::default(),
        Arc::new(Metrics::new()),
    );
    state.notices = arguments.provider_secrets.clone().unwrap_or_default();
    let work = Work {
        pool: database.pool.clone(),
        context: context.clone(),
        providers: state.providers.iter().cloned().collect(),
        sender: sender(&arguments.outgoing)?,
        metrics: Arc::clone(&state.metrics),
    };
    let listener = listen(arguments.listen).await?;
    let address = listener.local_addr().or_fail("the address is not known")?;
    if !arguments.admin.ip().is_loopback() {
        return Err(Failure::new(format!("{} is not on this machine", arguments.admin))
            .help("the admin page asks for no key: keep it on 127.0.0.1, and use a tunnel"));
    }
    let admin_listener = listen(arguments.admin).await?;
    let admin_address = admin_listener.local_addr().or_fail("the address is not known")?;
    if let Some(key) = keys::first(&database.pool, &context).await? {
        say::named("key", &format!("{key}   (shown this once; it may do everything)"));
    }
    say::named("api", &format!("http://{address}/v1"));
    say::named("document", &format!("http://{address}/openapi.json"));
    say::named("admin", &format!("http://{admin_address}/"));
    if let Some(psql) = database.place() {
        say::named("database", &psql);
    }
    say::named("ready", &format!("in {} ms; Ctrl-C stops it", begun.elapsed().as_millis()));
    let duties = async {
        if !arguments.no_worker {
            worker::run(work, stop.clone().told()).await;
        }
    };
    let admin =
        shop::admin::serve(admin_listener, state.pool.clone(), context, stop.clone().told());
    let serving = shop::http::serve(listener, state, stop.clone().told());
    let (served, watched, ()) = tokio::join!(serving, admin, duties);
    served.or_fail("the service ended")?;
    watched.or_fail("the admin page ended")
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::of(&format!("cannot listen on {address}"), &error)
            .help("choose another address; port 0 takes any that is free")
    })
}
