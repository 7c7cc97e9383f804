//! What a finished run comes to.
//!
//! In: the trace on disk and how the command ended. Out: the report on standard output and in
//! files, and the exit code.
//!
//! **Invariant**: everything said here comes from the trace; `proofmark report` says the same.

use std::io::Write as _;

use proofmark_trace::{CommandFinished, Trace};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::judging::{self, Judging};
use crate::output::RunOutput;
use crate::report::{Rendered, render};
use crate::say::Say;

/// A command that is not there.
pub(super) fn no_such_command(program: &str) -> Failure {
    Failure::new(
        Exit::NothingObserved,
        format!("nothing was observed: the command `{program}` does not exist"),
    )
    .help("is it spelled right, installed, and on PATH?")
    .help(format!("an option for Proofmark goes before the two dashes: proofmark run -- {program}"))
    .help("a shell's own syntax needs a shell: proofmark run -- sh -c '...'")
}

/// A command that is there but does not run.
pub(super) fn cannot_start(program: &str, error: &std::io::Error) -> Failure {
    let state = format!("nothing was observed: the command `{program}` could not be started");
    Failure::because(Exit::NothingObserved, state, error)
        .help("is it a program for this machine, or a script whose interpreter is installed?")
}

/// Reports what the trace of `output` says.
pub(super) fn report(
    output: &RunOutput,
    finished: &CommandFinished,
    judging: &Judging,
    all: bool,
    say: &Say,
) -> Result<Exit, Failure> {
    let trace = Trace::read(&output.file("trace.jsonl")).map_err(|error| {
        Failure::because(Exit::Internal, "the trace could not be read back", &error)
    })?;
    let outcomes =
        serde_json::to_string(&judging::outcomes(&trace)).expect("names and booleans are JSON");
    let Rendered { text, plain, json, nothing_observed, gate_failed } =
        render(&trace, judging, all, say);
    let written = std::fs::write(output.file("report.json"), json)
        .and_then(|()| std::fs::write(output.file("report.txt"), plain))
        .and_then(|()| std::fs::write(output.file(judging::OUTCOMES_FILE), outcomes))
        .and_then(|()| std::io::stdout().lock().write_all(text.as_bytes()));
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        Err(error) => {
            return Err(Failure::because(Exit::Internal, "the report was not written", &error));
        }
        Ok(()) => {}
    }
    Ok(if !finished.succeeded() {
        Exit::SuiteFailed
    } else if nothing_observed {
        Exit::NothingObserved
    } else if gate_failed {
        Exit::GateFailed
    } else {
        Exit::Clean
    })
}
