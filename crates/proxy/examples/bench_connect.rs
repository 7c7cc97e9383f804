//! Measures a test that opens a connection of its own: lease, connect, one insert, one count,
//! disconnect, return, each part by itself.
//!
//! ```text
//! cargo run --release -p proofmark-proxy --example bench_connect
//! ```
//!
//! Three ways, interleaved: past the proxy, through a proxy that keeps no backends, and through one
//! that does. A lease costs nothing here; the pool's part of it is measured by itself.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use proofmark_postgres::{Cache, Search, Server, ServerOptions, base_image, find};
use proofmark_proxy::{
    GivenBack, Granted, LeaseId, LeaseRequest, LeaseSource, Proxy, ProxyOptions, Seen, SourceError,
    Upstream, WarmOptions,
};
use tokio_postgres::{Client, Config, NoTls};

const SLOTS: usize = 3;
const SCHEMA: &str = "create table orders (id bigserial primary key, quantity int not null)";

/// Hands out a few databases in turn.
struct Slots {
    address: Upstream,
    next: AtomicUsize,
}

impl LeaseSource for Slots {
    fn take(&self, _: LeaseRequest) -> BoxFuture<'static, Result<Granted, SourceError>> {
        let slot = self.next.fetch_add(1, Ordering::Relaxed) % SLOTS;
        let granted = Granted { address: self.address.clone(), database: format!("slot_{slot}") };
        std::future::ready(Ok(granted)).boxed()
    }

    fn give_back(
        &self,
        _: LeaseId,
        _: bool,
        _: Seen,
    ) -> BoxFuture<'static, Result<GivenBack, SourceError>> {
        std::future::ready(Ok(GivenBack::default())).boxed()
    }

    fn databases(&self) -> Vec<String> {
        vec!["shop".to_owned()]
    }
}

/// What one test took.
#[derive(Clone, Copy, Default)]
struct Took {
    connect: Duration,
    insert: Duration,
    count: Duration,
    disconnect: Duration,
    back: Duration,
    whole: Duration,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let tests: usize = std::env::var("TESTS").map_or(Ok(1_000), |tests| tests.parse())?;
    let found = find(&Search::new())?;
    let image = base_image(&found.installation, &Cache::user())?;
    let server = Server::start(&found.installation, &image, &ServerOptions::default())?;
    let address = server.address();
    let mut direct = Config::new();
    direct.host_path(&address.socket_dir).port(address.port).user(&address.user);
    let (admin, _ended) = connect(direct.clone().dbname("postgres")).await?;
    for slot in 0..SLOTS {
        admin.batch_execute(&format!("create database slot_{slot}")).await?;
        let (client, _) = connect(direct.clone().dbname(format!("slot_{slot}"))).await?;
        client.batch_execute(SCHEMA).await?;
    }
    let upstream = Upstream::Socket { directory: address.socket_dir.clone(), port: address.port };
    let start = |warm| {
        let (events, _) = std::sync::mpsc::channel();
        let source = Slots { address: upstream.clone(), next: AtomicUsize::new(0) };
        let options = ProxyOptions { warm, ..ProxyOptions::new(events) };
        Proxy::start(options, Arc::new(source))
    };
    let cold = start(None)?;
    let warm = start(Some(WarmOptions { across_leases: true, ..WarmOptions::default() }))?;

    let mut out = std::io::stdout().lock();
    let mut ways = Vec::new();
    for (name, port) in
        [("past the proxy", None), ("cold", Some(cold.port())), ("warm", Some(warm.port()))]
    {
        let console = match port {
            Some(port) => Some(connect(&through(port, "proofmark")).await?),
            None => None,
        };
        ways.push((name, port, console, Vec::with_capacity(tests)));
    }
    for test in 0..tests {
        for (_, port, console, took) in &mut ways {
            let name = format!("t{test}");
            let config = match port {
                Some(port) => through(*port, &format!("shop~{name}")),
                None => direct.clone().dbname(format!("slot_{}", test % SLOTS)).clone(),
            };
            took.push(one(&config, console.as_ref().map(|(client, _)| client), &name).await?);
        }
    }
    writeln!(out, "# {} tests, {}, medians (p95) in ms", tests, found.installation.version())?;
    for (name, _, _, took) in &mut ways {
        // The first fill the stock.
        took.drain(..SLOTS.min(took.len()));
        tell(&mut out, name, took)?;
    }
    drop(ways);
    cold.shutdown();
    warm.shutdown();
    Ok(())
}

/// Writes one line: medians, and the 95th of a hundred.
fn tell(out: &mut impl Write, name: &str, took: &[Took]) -> std::io::Result<()> {
    let part = |of: fn(&Took) -> Duration| {
        let mut parts: Vec<_> = took.iter().map(of).collect();
        parts.sort_unstable();
        let at = |share: usize| parts[parts.len() * share / 100].as_secs_f64() * 1e3;
        format!("{:.2} ({:.2})", at(50), at(95))
    };
    writeln!(
        out,
        "{name:>15}: connect {}, insert {}, count {}, disconnect {}, back {}, whole {}",
        part(|took| took.connect),
        part(|took| took.insert),
        part(|took| took.count),
        part(|took| took.disconnect),
        part(|took| took.back),
        part(|took| took.whole),
    )
}

fn through(port: u16, database: &str) -> Config {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user("postgres").dbname(database);
    config
}

/// A client, and what tells that its connection has ended.
async fn connect(config: &Config) -> anyhow::Result<(Client, tokio::task::JoinHandle<()>)> {
    let (client, connection) = config.connect(NoTls).await.context("no connection")?;
    let ended = tokio::spawn(async move { drop(connection.await) });
    Ok((client, ended))
}

async fn one(config: &Config, console: Option<&Client>, name: &str) -> anyhow::Result<Took> {
    let mut took = Took::default();
    let began = Instant::now();
    let (client, ended) = connect(config).await?;
    took.connect = began.elapsed();
    let at = Instant::now();
    client.batch_execute("insert into orders (quantity) values (1)").await?;
    took.insert = at.elapsed();
    let at = Instant::now();
    client.simple_query("select count(*) from orders").await?;
    took.count = at.elapsed();
    let at = Instant::now();
    drop(client);
    ended.await?;
    took.disconnect = at.elapsed();
    let at = Instant::now();
    if let Some(console) = console {
        console.batch_execute(&format!("RETURN '{name}'")).await?;
    }
    took.back = at.elapsed();
    took.whole = began.elapsed();
    Ok(took)
}
