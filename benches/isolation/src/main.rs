//! What a test's own database costs: ours and others' on one server, in one run.
//!
//! In: what to measure and how often. Out: a table, and a line of JSON for every measurement. The
//! method and the numbers are in `README.md`.
//!
//! **Invariant**: every program migrates the same files, runs the same statements in a test, and
//! is timed from before it asks for a database until the database has been given back.

mod bodies;
mod endurance;
mod ours;
mod peers;
mod samples;
mod scale;
mod server;
mod sqlx_test;
mod through;

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use bodies::Schema;
use samples::Report;
use server::Stage;

#[derive(Parser)]
#[command(about = "What a test's own database costs, beside what others do for it")]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Tests of each measurement; the peers run as many as their `--share` allows.
    #[arg(long, default_value_t = 1000, global = true)]
    tests: usize,
    /// How often everything is measured; the peers take turns with us.
    #[arg(long, default_value_t = 3, global = true)]
    rounds: usize,
    /// Threads of this program's runtime: with one, nothing wakes another thread.
    #[arg(long, default_value_t = 1, global = true)]
    threads: usize,
}

#[derive(Subcommand)]
enum What {
    /// Ours alone, in every way in which a test can reach its database.
    Ours,
    /// Ours and the peers, by turns.
    Peers {
        /// Only these, by the beginning of their names.
        #[arg(long)]
        only: Vec<String>,
        /// The whole run of the shop's migrations instead of the thirty tables.
        #[arg(long)]
        shop: bool,
    },
    /// Three hundred tables, and 300 MB of seeds.
    Scale {
        /// Megabytes of seeds.
        #[arg(long, default_value_t = 300)]
        megabytes: u32,
    },
    /// Many tests in one run: memory, and what the cluster grows to.
    Endurance,
    /// `#[sqlx::test]` in a process of its own; `DATABASE_URL` names the server.
    #[command(hide = true)]
    Sqlx {
        #[arg(long)]
        harness_threads: usize,
        #[arg(long)]
        migrations: std::path::PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let What::Sqlx { harness_threads, migrations } = &arguments.what {
        return sqlx_test::run(*harness_threads, arguments.tests, migrations);
    }
    let mut builder = match arguments.threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(arguments.threads).enable_all().build()?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { what, tests, rounds, .. } = arguments;
    let report = Report::default();
    match what {
        What::Ours => {
            let stage = Stage::open(2).await?;
            for round in 1..=rounds {
                report.round(round);
                ours::all(&stage, Schema::Thirty, tests, &report).await?;
                ours::all(&stage, Schema::Shop, tests, &report).await?;
                ours::fallbacks(&stage, tests, &report).await?;
            }
            report.table();
            stage.close().await
        }
        What::Peers { only, shop } => {
            let stage = Stage::open(2).await?;
            let schema = if shop { Schema::Shop } else { Schema::Thirty };
            for round in 1..=rounds {
                report.round(round);
                ours::for_comparison(&stage, schema, tests, &report).await?;
                peers::all(&stage, schema, tests, &only, &report).await?;
            }
            report.table();
            report.against("ours, open connection", "ours, own connection");
            stage.close().await
        }
        What::Scale { megabytes } => scale::run(megabytes, tests, rounds, &report).await,
        What::Endurance => endurance::run(tests, &report).await,
        What::Sqlx { .. } => unreachable!("it has no runtime of ours around it"),
    }
}
