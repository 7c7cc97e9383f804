//! `cargo xtask`: the checks and generated files of this repository.
//!
//! In: the work tree. Out: lines on the terminal and an exit code: 0 clean, 1 something to mend,
//! 77 the check could not run (`.ci/run` counts it as skipped, never as passed).
//!
//! **Invariant:** no verb needs a database, and `tidy` needs no network and no other tool than git
//! (and does without git where there is none).

mod advisories;
mod ci;
mod civil_date;
mod coverage_gaps;
mod deny;
mod docs_commands;
mod generate;
mod markdown;
#[cfg(test)]
mod one_build;
mod rust_source;
mod tidy;
mod tree;

use std::process::ExitCode;

use crate::tree::Tree;

const USAGE: &str = "\
usage: cargo xtask <verb>

  tidy            the rules of STYLE.md that a program can check
  deny            licences, duplicate versions and sources of the dependencies (cargo-deny)
  advisories      known vulnerabilities of the dependencies (cargo-deny)
  generate        writes the committed files that are made from code
  coverage-gaps   compares docs/test-coverage-gaps.md with the last run; `write` writes it
  docs-commands   runs the commands of README.md and docs/ that are marked `ci`
  ci              the gates of ci/gates.toml: run, list, prove, doctor, install, plan, badges
";

/// How a verb ended; an error of the verb itself is an `anyhow::Error`.
enum Outcome {
    Clean,
    ToMend,
    /// The check could not run; says why.
    Skipped(String),
}

#[expect(clippy::print_stderr, reason = "this is a command, and it talks to a person")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::ToMend) => ExitCode::FAILURE,
        Ok(Outcome::Skipped(why)) => {
            eprintln!("SKIPPED: {why}");
            ExitCode::from(77)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let root = tree::root()?;
    match arguments.first().map(String::as_str) {
        Some("ci") => ci::run(&root, &arguments[1..]),
        Some("tidy") => tidy::run(&Tree::read(&root)?),
        Some("deny") => deny::run(&root),
        Some("advisories") => advisories::run(&root),
        Some("generate") => generate::run(&root),
        Some("coverage-gaps") => coverage_gaps::run(&root, &arguments[1..]),
        Some("docs-commands") => docs_commands::run(&root, &Tree::read(&root)?),
        other => anyhow::bail!("no verb {:?}\n\n{USAGE}", other.unwrap_or("given")),
    }
}
