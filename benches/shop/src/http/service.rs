//! The service in a process of its own: this program, started again to serve.

use std::io::{sink, stdin};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use shop::context::Context;
use shop::event::{NotifyPublisher, Worker};
use shop::http::{AppState, Limits, Providers};
use shop::payment::provider::Provider;
use shop::payment::provider::fake::FakeProvider;
use shop::telemetry::{CountingPublisher, Metrics};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::server::Shop;

/// How many connections the service has: few, because two cores run few backends at once.
const CONNECTIONS: u32 = 16;

/// A running service.
#[derive(Debug)]
pub(super) struct Service {
    child: Child,
    url: String,
}

impl Service {
    pub(super) async fn start(shop: &Shop) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program)
            .args(["--serve-on", &shop.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("its output")?;
        let mut lines = BufReader::new(output).lines();
        let url = lines.next_line().await?.context("the service says where it listens")?;
        Ok(Self { child, url })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Processor seconds used so far, and the memory that it holds, in MiB.
    pub(super) fn usage(&self) -> anyhow::Result<(f64, f64)> {
        let pid = self.child.id().context("the service runs")?;
        usage_of(&pid.to_string())
    }

    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        // The end of its input is the sign.
        drop(self.child.stdin.take());
        let status = self.child.wait().await?;
        ensure!(status.success(), "the service ended with {status}");
        Ok(())
    }
}

/// Processor seconds and MiB of a process.
pub(super) fn usage_of(pid: &str) -> anyhow::Result<(f64, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, rest) = stat.rsplit_once(") ").context("a stat line")?;
    let fields: Vec<f64> = rest.split(' ').map(|field| field.parse().unwrap_or(0.0)).collect();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.context("its memory")?.trim().trim_end_matches("kB").trim();
    Ok(((fields[11] + fields[12]) / 100.0, resident.parse::<f64>()? / 1024.0))
}

/// Serves until standard input ends, with the worker that publishes events beside.
#[expect(clippy::print_stdout, reason = "the parent reads where it listens")]
pub(crate) async fn serve(url: &str) -> anyhow::Result<()> {
    let options: PgConnectOptions = url.parse()?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        .connect_with(options.statement_cache_capacity(500))
        .await?;
    let context = Context::system();
    let fake: Arc<dyn Provider> = Arc::new(FakeProvider::new(context.clone()));
    let metrics = Arc::new(Metrics::new());
    let publisher = CountingPublisher::new(NotifyPublisher::default(), Arc::clone(&metrics));
    let state = AppState::new(
        pool.clone(),
        context.clone(),
        Providers::new([fake]),
        Limits::default(),
        metrics,
    );
    let worker = tokio::spawn(async move { Worker::new(publisher).run(&pool, &context).await });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let input_ends = tokio::task::spawn_blocking(|| std::io::copy(&mut stdin(), &mut sink()));
    shop::http::serve(listener, state, async {
        drop(input_ends.await);
    })
    .await?;
    worker.abort();
    Ok(())
}
