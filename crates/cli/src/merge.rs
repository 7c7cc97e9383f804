//! `proofmark merge`: the traces of several machines as one file.
//!
//! In: traces of the parts of one suite. Out: one trace, from which everything can be reported.
//!
//! **Invariant**: nothing is left out unsaid; the file is written whole or not at all.

use std::io::BufWriter;

use proofmark_trace::{Ending, Trace};

use crate::args::MergeArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{not_written, read};
use crate::say::{Mood, Say};

pub(crate) fn merge(arguments: &MergeArguments, say: &Say) -> Result<Exit, Failure> {
    let trace = read(&arguments.traces)?;
    warn(&trace, say);
    let output = &arguments.output;
    crate::formats::replace(output, |file| trace.write(BufWriter::new(file)))
        .map_err(|error| not_written(output, &error))?;
    let records: usize = trace.runs.iter().map(|run| run.entries.len()).sum();
    let runs = trace.runs.len();
    let word = if runs == 1 { "run" } else { "runs" };
    say.line("Merged", &format!("{runs} {word}, {records} records: {}", output.display()));
    say.line("Next", &format!("proofmark report {}", output.display()));
    Ok(Exit::Clean)
}

fn warn(trace: &Trace, say: &Say) {
    for run in &trace.runs {
        let id = &run.header.run;
        if run.ending != Ending::Finished {
            let text = format!("run {id} was cut off: what came after is not known");
            say.loud(Mood::Warning, "Warning", &text);
        }
        let unknown: u64 = run.unknown.values().sum();
        if unknown > 0 {
            let text = format!(
                "run {id} was written by proofmark {}; {unknown} records that this version does \
                 not know are left out",
                run.header.proofmark
            );
            say.loud(Mood::Warning, "Warning", &text);
        }
    }
}
