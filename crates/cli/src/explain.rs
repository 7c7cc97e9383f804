//! `proofmark explain`: what a check looks for, why, and what to do.
//!
//! In: the id of a check or of a finding. Out: its page on standard output.
//!
//! **Invariant**: prints what the documents say; a finding needs no run to be explained.

use std::io::Write as _;

use proofmark_findings::{CHECKS, Severity, check, page};

use crate::args::ExplainArguments;
use crate::exit::Exit;
use crate::failure::Failure;

pub(crate) fn explain(arguments: &ExplainArguments) -> Result<Exit, Failure> {
    let text = match &arguments.id {
        None => list(),
        Some(id) => {
            let name = id.split(':').next().unwrap_or(id);
            match check(name) {
                Some(check) => page(check),
                None => return Err(unknown(name)),
            }
        }
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::because(Exit::Internal, "the explanation was not written", &error))
        }
        _ => Ok(Exit::Clean),
    }
}

fn unknown(name: &str) -> Failure {
    let name = proofmark_report::terminal::visible(name);
    Failure::new(Exit::Usage, format!("there is no check `{name}`"))
        .help("proofmark explain   lists them")
}

fn list() -> String {
    let columns = CHECKS.iter().map(|check| check.id.len()).max().unwrap_or(0);
    let lines = CHECKS.iter().map(|check| {
        let severity = match check.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        format!("{:columns$}  {severity:7}  {}\n", check.id, check.what)
    });
    lines.collect()
}
