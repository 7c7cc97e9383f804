//! What a finished run comes to.
//!
//! In: the trace on disk and how the command ended. Out: the report on standard output and in
//! files, and the exit code.
//!
//! **Invariant**: everything said here comes from the trace; `proofmark report` says the same.

use proofmark::config::ReportFormat;
use proofmark_report::{Report, terminal};
use proofmark_trace::{CommandFinished, Trace};

use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judging::{self, Judging};
use crate::output::RunOutput;
use crate::say::Say;
use crate::{formats, report};

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

/// Reports what the trace of `output` says, on standard output and in files of `formats`.
pub(super) fn report(
    output: &RunOutput,
    formats: &[ReportFormat],
    finished: &CommandFinished,
    judging: &Judging,
    all: bool,
    say: &Say,
) -> Result<Exit, Failure> {
    let trace = Trace::read(&output.file("trace.jsonl")).map_err(|error| {
        Failure::because(Exit::Internal, "the trace could not be read back", &error)
    })?;
    let report = report::of(&trace, judging);
    let exit = match report::exit(&report) {
        _ if !finished.succeeded() => Exit::SuiteFailed,
        exit => exit,
    };
    let written = write(output, formats, &report, all, say).and_then(|()| remember(output, &trace));
    report::print(&terminal::render(&report, &report::options(all, say)))?;
    match written {
        // How the suite ended is worth more than a file that is missing.
        Err(failure) if exit == Exit::Clean => Err(failure),
        Err(failure) => {
            failure.show(say);
            Ok(exit)
        }
        Ok(()) => Ok(exit),
    }
}

/// Leaves how the tests ended, for the runs to come.
fn remember(output: &RunOutput, trace: &Trace) -> Result<(), Failure> {
    let path = output.file(judging::OUTCOMES_FILE);
    let outcomes =
        serde_json::to_string(&judging::outcomes(trace)).expect("names and booleans are JSON");
    formats::write(&path, &outcomes).map_err(|error| report::not_written(&path, &error))
}

fn write(
    output: &RunOutput,
    formats: &[ReportFormat],
    report: &Report,
    all: bool,
    say: &Say,
) -> Result<(), Failure> {
    let options = terminal::Options { all, ..terminal::Options::default() };
    for format in formats.iter().map(|format| Format::named(*format)).chain([Format::Text]) {
        let path = output.file(format.file_name());
        formats::write(&path, &formats::text(report, format, &options, None))
            .map_err(|error| report::not_written(&path, &error))?;
        if format == Format::Html {
            say.line("Report", &path.display().to_string());
        }
    }
    Ok(())
}
