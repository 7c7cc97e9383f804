//! How long the report of a large trace takes, and how much memory.
//!
//! In: how many tests and constraints, or a trace. Out: a table of the steps from the file to
//! every form of the report. The method and the numbers are in `README.md`.
//!
//! **Invariant**: every round is a process of its own, so that its memory is its own; the trace is
//! the same every time.

mod steps;
mod trace;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "How long the report of a large trace takes, and how much memory")]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Rounds of each measurement.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Traces to measure besides those that are made.
    traces: Vec<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// Writes a trace.
    Make {
        /// Its tests.
        #[arg(long)]
        tests: usize,
        /// Constraints of its schema.
        #[arg(long)]
        constraints: usize,
        /// Without evidence.
        #[arg(long)]
        bare: bool,
        /// Where to.
        output: PathBuf,
    },
    /// Reads a trace and writes its report in every form, once.
    Write {
        /// The trace.
        trace: PathBuf,
        /// The directory for the files.
        output: PathBuf,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.what {
        Some(What::Make { tests, constraints, bare, output }) => {
            trace::write(tests, constraints, !bare, &output)
        }
        Some(What::Write { trace, output }) => steps::all(&trace, &output),
        None => measure(&arguments.traces, arguments.rounds),
    }
}

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
fn measure(given: &[PathBuf], rounds: usize) -> Result<()> {
    let directory = tempfile::tempdir()?;
    for (tests, constraints, evidence) in
        [(2_000, 600, true), (100_000, 10_000, false), (100_000, 10_000, true)]
    {
        let path = directory.path().join("trace.jsonl");
        trace::write(tests, constraints, evidence, &path)?;
        let with = if evidence { "with" } else { "without" };
        println!("## {tests} tests, {constraints} constraints, {with} evidence\n");
        rounds_of(&path, &directory.path().join("report"), rounds)?;
        std::fs::remove_file(&path)?;
    }
    for path in given {
        println!("## {}\n", path.display());
        rounds_of(path, &directory.path().join("report"), rounds)?;
    }
    Ok(())
}

/// Prints, per step, the median of all rounds.
#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
fn rounds_of(trace: &Path, output: &Path, rounds: usize) -> Result<()> {
    let mut seen: BTreeMap<usize, (String, Vec<f64>)> = BTreeMap::new();
    for _ in 0..rounds {
        let program = std::env::current_exe()?;
        let told = Command::new(program).arg("write").arg(trace).arg(output).output()?;
        if !told.status.success() {
            bail!("a round failed: {}", String::from_utf8_lossy(&told.stderr));
        }
        for (place, line) in String::from_utf8(told.stdout)?.lines().enumerate() {
            let (step, number) = line.rsplit_once(' ').context("a step without a number")?;
            let (_, numbers) = seen.entry(place).or_insert_with(|| (step.to_owned(), Vec::new()));
            numbers.push(number.parse()?);
        }
    }
    println!("| step | median of {rounds} |\n|---|---|");
    for (step, mut numbers) in seen.into_values() {
        numbers.sort_by(f64::total_cmp);
        let median = numbers.get(numbers.len() / 2).copied().context("no round was made")?;
        println!("| {step} | {median:.0} |");
    }
    println!();
    Ok(())
}
