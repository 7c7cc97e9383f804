//! How fast the shop's domain is, and what it costs the server.
//!
//! In: nothing but a PostgreSQL, which is found or fetched. Out: a table on standard output; see
//! `benches/shop/README.md`. The server is private, keeps its data on disk, and commits for good.

mod checkout;
mod hot;
mod http;
mod pay;
mod relay;
mod server;
mod stage;
mod statements;
mod tags;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use shop::context::Context;

use crate::checkout::{Visit, load};
use crate::pay::Till;
use crate::server::{Shop, broken_invariants};

/// Measures the shop through its library: checkouts, holds on one SKU, statements, processor time.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Numbers of clients to measure with, one after the other.
    #[arg(long, value_delimiter = ',', default_value = "1,4,16")]
    clients: Vec<u32>,
    /// How long each of them buys, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many attempts to hold one unit of one SKU.
    #[arg(long, default_value_t = 1_000_000)]
    attempts: u32,
    /// How many units there are of it.
    #[arg(long, default_value_t = 400_000)]
    units: u32,
    /// Leave out the checkouts.
    #[arg(long)]
    only_holds: bool,
    /// Leave out the holds.
    #[arg(long)]
    only_checkouts: bool,
    /// Measure the service over HTTP instead.
    #[arg(long)]
    http: bool,
    /// What of it, over HTTP: checkouts, overload, refunds, hot, uniform, sweep.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "checkouts,overload,refunds,hot,uniform,sweep"
    )]
    scenes: Vec<String>,
    /// Print the statements that took longest, so many of them, and what each took per call.
    #[arg(long, default_value_t = 0)]
    statements: u32,
    /// A setting of the server, as NAME=VALUE; may be given more than once.
    #[arg(long)]
    set: Vec<String>,
    /// How many holds are due when they are swept.
    #[arg(long, default_value_t = 100_000)]
    due: u32,
    /// Serve on this database; how the program starts itself.
    #[arg(long, hide = true)]
    serve_on: Option<String>,
    /// Where the server keeps its data: a disk, not memory.
    #[arg(long, default_value = "target/shop-bench")]
    data: PathBuf,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(url) = &arguments.serve_on {
        return http::serve(url).await;
    }
    std::fs::create_dir_all(&arguments.data)?;
    let data = arguments.data.canonicalize()?;
    let shop = Shop::start(&data, &settings(&arguments)?).await?;
    let pool = shop.pool(2).await?;
    let (version,): (String,) =
        sqlx::query_as("SELECT current_setting('server_version')").fetch_one(&pool).await?;
    println!("PostgreSQL {version}, fsync on, all constraints on");
    stage::tax(&pool, &Context::system()).await?;
    if arguments.http {
        let plan = http::Plan {
            clients: arguments.clients.clone(),
            seconds: arguments.seconds,
            holds: arguments.attempts.min(100_000),
            due: arguments.due,
            scenes: arguments.scenes.clone(),
        };
        http::measure(&shop, &plan).await?;
        if arguments.statements > 0 {
            statements::longest(&pool, arguments.statements).await?;
        }
        return end(shop, pool).await;
    }
    if !arguments.only_holds {
        checkouts(&arguments, &shop).await?;
    }
    if !arguments.only_checkouts && !arguments.only_holds {
        tags::compare(&shop, 5_000).await?;
    }
    if !arguments.only_checkouts {
        hot::holds(&shop, arguments.attempts, arguments.units).await?;
    }
    end(shop, pool).await
}

/// The settings of the server beside those that make it durable.
fn settings(arguments: &Arguments) -> anyhow::Result<Vec<(String, String)>> {
    let mut settings = Vec::new();
    if arguments.statements > 0 {
        settings.extend(statements::SETTINGS.map(|(name, value)| (name.into(), value.into())));
    }
    for setting in &arguments.set {
        let (name, value) = setting.split_once('=').context("--set takes NAME=VALUE")?;
        settings.push((name.to_owned(), value.to_owned()));
    }
    Ok(settings)
}

/// Asks every invariant, and stops the server.
#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
async fn end(shop: Shop, pool: sqlx::PgPool) -> anyhow::Result<()> {
    let broken = broken_invariants(&pool).await?;
    println!("invariants broken: {}", broken.len());
    anyhow::ensure!(broken.is_empty(), "{}", broken.join("\n"));
    pool.close().await;
    shop.stop().await
}

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
async fn checkouts(arguments: &Arguments, shop: &Shop) -> anyhow::Result<()> {
    let context = Context::system();
    let pool = shop.pool(2).await?;
    let (_, shelf) = stage::shelf(&pool, &context, 1_000, 100_000).await?;
    let visit = |pool| Visit {
        pool,
        context: context.clone(),
        shelf: Arc::new(shelf.clone()),
        next: Arc::new(AtomicUsize::new(0)),
        till: Till::new(&context),
    };
    let folder = tempdir(&arguments.data)?;
    let counts = relay::open(&folder, shop.socket())?;
    let counted = visit(shop.pool_at(&folder).await?);
    // The first visits prepare the statements, which would be counted as well.
    for _ in 0..20 {
        counted.whole().await?;
    }
    println!("\none checkout of two lines          statements  round trips");
    let parts = counted.counted(&counts).await?;
    for (name, statements, round_trips) in &parts {
        println!("  {name:<32} {statements:>10} {round_trips:>12}");
    }
    let (statements, round_trips) =
        parts.iter().fold((0, 0), |sum, part| (sum.0 + part.1, sum.1 + part.2));
    println!("  {:<32} {statements:>10} {round_trips:>12}", "together");

    println!("\nclients  checkouts/s   p50 ms   p99 ms   server CPU ms per checkout");
    for &clients in &arguments.clients {
        let visit = visit(shop.pool(clients).await?);
        load(&visit, clients, Duration::from_secs(2)).await?;
        let before = shop.processor_s()?;
        let done = load(&visit, clients, Duration::from_secs(arguments.seconds)).await?;
        let used = shop.processor_s()? - before;
        #[expect(clippy::cast_precision_loss, reason = "a measurement")]
        let count = done.done as f64;
        println!(
            "{clients:>7}  {:>11.1} {:>8.2} {:>8.2} {:>12.2}",
            count / done.elapsed.as_secs_f64(),
            done.percentile(50).as_secs_f64() * 1e3,
            done.percentile(99).as_secs_f64() * 1e3,
            used * 1e3 / count,
        );
        visit.pool.close().await;
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// A short path, because a socket's may have no more than 107 bytes.
fn tempdir(data: &std::path::Path) -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("shop-bench-{}", std::process::id()));
    std::fs::create_dir(&folder).map_err(|error| {
        anyhow::anyhow!("{}: {error}; beside {}", folder.display(), data.display())
    })?;
    Ok(folder)
}
