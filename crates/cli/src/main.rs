//! The `proofmark` command.
//!
//! In: arguments and `proofmark.toml`. Out: what was asked for, and an exit code that says how it
//! went ([`exit::Exit`]).
//!
//! **Invariant**: everything that does the work is in the library crates; this one reads
//! arguments, shows progress and failures, and decides the exit code.

mod affected;
mod args;
mod doctor;
mod exit;
mod explain;
mod failure;
mod formats;
mod init;
mod judging;
mod kept;
mod merge;
mod output;
mod report;
mod review;
mod run;
mod say;

use clap::Parser as _;

use args::{Arguments, Verb};
use exit::Exit;
use failure::Failure;
use say::Say;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    let say = Say::new(arguments.quiet, arguments.color);
    let exit = perform(arguments.verb, &say).unwrap_or_else(|failure| failure.show(&say));
    exit.into()
}

fn perform(verb: Verb, say: &Say) -> Result<Exit, Failure> {
    match verb {
        Verb::Run(arguments) => run::run(arguments, say),
        Verb::Serve(arguments) => run::serve(arguments, say),
        Verb::Init(arguments) => init::init(&arguments, say),
        Verb::Report(arguments) => report::report(&arguments, say),
        Verb::Review(arguments) => review::review(&arguments, say),
        Verb::Explain(arguments) => explain::explain(&arguments),
        Verb::Merge(arguments) => merge::merge(&arguments, say),
        Verb::Affected(arguments) => affected::affected(&arguments, say),
        Verb::Doctor(arguments) => doctor::doctor(&arguments, say),
        Verb::Psql(arguments) => kept::psql(&arguments, say),
        Verb::Url(arguments) => kept::url(&arguments),
        Verb::Hold(arguments) => kept::hold(&arguments),
    }
}
