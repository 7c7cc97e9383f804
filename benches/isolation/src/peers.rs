//! The peers, each as its documentation says it is used.
//!
//! In: the server of the stage, and the programs in `peers/`. Out: [`Samples`].
//!
//! **Invariant**: a peer that is not installed is left out with a line that says so; nothing is
//! fetched here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use proofmark_pool::Session;
use serde_json::Value;
use tokio::process::Command;

use crate::bodies::{Body, Schema};
use crate::ours::lanes;
use crate::samples::{Report, Samples, count, ms};
use crate::server::Stage;

/// A program that runs tests and prints how long they took.
struct Peer {
    name: &'static str,
    /// How many tests of hundred: the slow ones run fewer.
    share: usize,
    /// Only the thirty tables: its program has no other body.
    only_thirty: bool,
    command: fn(&Stage, Schema, usize) -> anyhow::Result<Option<Command>>,
}

const PEERS: &[Peer] = &[
    Peer {
        name: "sqlx::test 0.9",
        share: 10,
        only_thirty: false,
        command: |stage, schema, tests| sqlx(stage, schema, tests, 1).map(Some),
    },
    Peer {
        name: "sqlx::test 0.9, 2 threads",
        share: 10,
        only_thirty: false,
        command: |stage, schema, tests| sqlx(stage, schema, tests, 2).map(Some),
    },
    Peer {
        name: "pytest-postgresql 10 (noproc, template)",
        share: 10,
        only_thirty: true,
        command: pytest,
    },
    Peer {
        name: "PGlite 0.5 (loadDataDir)",
        share: 1,
        only_thirty: true,
        command: |_, schema, tests| Ok(pglite(schema, tests)),
    },
    Peer { name: "pgtemp 0.7", share: 1, only_thirty: true, command: pgtemp },
];

/// Every peer that there is.
pub(crate) async fn all(
    stage: &Stage,
    schema: Schema,
    tests: usize,
    only: &[String],
    report: &Report,
) -> anyhow::Result<()> {
    let wanted = |name: &str| only.is_empty() || only.iter().any(|start| name.starts_with(start));
    let copies = "copies by CREATE DATABASE, as pgtestdb and IntegreSQL do";
    if wanted(copies) {
        let samples = template(stage, schema, (tests / 10).max(20)).await?;
        report.add(copies, schema.name(), samples);
    }
    for peer in PEERS.iter().filter(|peer| wanted(peer.name)) {
        if peer.only_thirty && schema != Schema::Thirty {
            continue;
        }
        let tests = (tests * peer.share / 100).max(5);
        let Some(command) = (peer.command)(stage, schema, tests)? else {
            left_out(peer.name);
            continue;
        };
        let begun = stage.processor_s()?;
        let mut samples = run(command).await.with_context(|| peer.name.to_owned())?;
        let used = (stage.processor_s()? - begun) * 1e3;
        // Those have servers of their own.
        let elsewhere = peer.name.starts_with("PGlite") || peer.name.starts_with("pgtemp");
        samples.server_ms = (!elsewhere).then(|| used / count(samples.tests.len()));
        report.add(peer.name, schema.name(), samples);
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
fn left_out(name: &str) {
    println!("left out: {name} is not installed; help: benches/isolation/run.sh installs it");
}

/// Runs a peer; its last line is JSON.
async fn run(mut command: Command) -> anyhow::Result<Samples> {
    let output = command.kill_on_drop(true).output().await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().rev().find(|line| line.starts_with('{'));
    let line = line.with_context(|| format!("it printed no times: {text}{said}"))?;
    let told: Value = serde_json::from_str(line)?;
    let tests: Vec<f64> = serde_json::from_value(told["tests_ms"].clone())?;
    let wall = told["wall_ms"].as_f64().context("it tells the wall time")?;
    Ok(Samples { wall_ms: wall / count(tests.len()), tests, server_ms: None })
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

fn sqlx(stage: &Stage, schema: Schema, tests: usize, threads: usize) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([
        "sqlx",
        "--harness-threads",
        &threads.to_string(),
        "--tests",
        &tests.to_string(),
    ]);
    command.arg("--migrations").arg(schema.migrations());
    command.env("DATABASE_URL", stage.url("postgres"));
    Ok(command)
}

/// A command in `peers/`, where what it needs is there.
fn program(needs: &str, program: PathBuf, arguments: &[&str]) -> Option<Command> {
    peers().join(needs).exists().then(|| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(peers());
        command
    })
}

fn pytest(stage: &Stage, schema: Schema, tests: usize) -> anyhow::Result<Option<Command>> {
    let python = peers().join("venv/bin/python");
    let arguments =
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-s", "pytest_postgresql_peer.py"];
    let (directory, port) = stage.socket()?;
    Ok(program("venv", python, &arguments).map(|mut command| {
        command.env("PEER_HOST", directory).env("PEER_PORT", port.to_string());
        command.env("PEER_TESTS", tests.to_string()).env("PEER_SCHEMA", schema.migrations());
        command
    }))
}

fn pglite(schema: Schema, tests: usize) -> Option<Command> {
    program("node_modules", "node".into(), &["pglite_peer.mjs"]).map(|mut command| {
        command.env("PEER_TESTS", tests.to_string()).env("PEER_SCHEMA", schema.migrations());
        command
    })
}

fn pgtemp(stage: &Stage, schema: Schema, tests: usize) -> anyhow::Result<Option<Command>> {
    let server = stage.bench().server().context("the server is private")?;
    let bin = server.installation().bin_dir().to_owned();
    Ok(program("pgtemp/run.sh", peers().join("pgtemp/run.sh"), &[])
        .filter(|_| peers().join("pgtemp/target/release/pgtemp-peer").exists())
        .map(|mut command| {
            command.env("PEER_TESTS", tests.to_string()).env("PEER_SCHEMA", schema.migrations());
            command.env("PEER_BIN", bin);
            command
        }))
}

/// What the tools that copy a template ask of the server, without what their own code adds:
/// `CREATE DATABASE ... TEMPLATE` as it is by default, a connection, the test, `DROP DATABASE`.
async fn template(stage: &Stage, schema: Schema, tests: usize) -> anyhow::Result<Samples> {
    let pool = stage.pool(schema);
    let admin = Arc::new(Session::open(pool.target().maintenance()).await?);
    let (target, from) = (pool.target().clone(), pool.template().name.clone());
    let body: Body = schema.trivial();
    let begun = (stage.processor_s()?, Instant::now());
    let mut samples = lanes(tests, 1, move |number| {
        let (admin, target, from) = (Arc::clone(&admin), target.clone(), from.clone());
        async move {
            let name = format!("peer_{number}");
            admin.batch_execute(&format!("create database {name} template \"{from}\"")).await?;
            let session = Session::open(&target.config(&name)).await?;
            body.run(&session).await?;
            session.close().await;
            // Asked too early, DROP DATABASE sleeps for 100 ms: the best of the peers wait first.
            let left = "select from pg_stat_activity where datname = $1";
            while admin.query_opt(left, &[&name]).await?.is_some() {
                tokio::time::sleep(std::time::Duration::from_micros(200)).await;
            }
            admin.batch_execute(&format!("drop database {name}")).await?;
            Ok(())
        }
    })
    .await?;
    let share = samples.tests.iter().sum::<f64>() / ms(begun.1.elapsed());
    let used = (stage.processor_s()? - begun.0) * 1e3;
    samples.server_ms = Some(used * share / count(samples.tests.len()));
    Ok(samples)
}
