//! The report of a trace, at the end of a run or of an earlier one.
//!
//! In: a trace. Out: text for people, JSON for programs.
//!
//! **Invariant**: the trace is all it takes: no database, no network, no configuration but the
//! place of the latest run.

use std::io::Write as _;
use std::path::PathBuf;

use proofmark::config::Config;
use proofmark_coverage::cover;
use proofmark_report::{Report, terminal, to_json};
use proofmark_trace::{Trace, merge};

use crate::args::{Format, ReportArguments};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::latest_trace;
use crate::say::Say;

/// What a trace comes to.
pub(crate) struct Rendered {
    /// For the terminal, coloured if that is wanted.
    pub(crate) text: String,
    /// The same without colour.
    pub(crate) plain: String,
    pub(crate) json: String,
    pub(crate) html: String,
    pub(crate) nothing_observed: bool,
    /// Whether a test left an invariant broken.
    pub(crate) invariant_broken: bool,
    /// Whether a database was not equal to its template again.
    pub(crate) not_isolated: bool,
}

/// Renders `trace` in every way.
pub(crate) fn render(trace: &Trace, all: bool, say: &Say) -> Rendered {
    let coverage = cover(trace);
    let nothing_observed = coverage.observed_nothing();
    let report = Report::from_trace(trace, &coverage);
    let options = |color: bool| terminal::Options { color, all, ..terminal::Options::default() };
    Rendered {
        text: terminal::render(&report, &options(say.color_on_stdout())),
        plain: terminal::render(&report, &options(false)),
        json: to_json(&report),
        html: proofmark_report::html::render(&report),
        nothing_observed,
        invariant_broken: !report.invariants.broken.is_empty(),
        not_isolated: !report.isolation.differed.is_empty(),
    }
}

/// `proofmark report`.
pub(crate) fn report(arguments: &ReportArguments, say: &Say) -> Result<Exit, Failure> {
    let paths = paths(arguments)?;
    let mut traces = Vec::new();
    for path in &paths {
        let trace = Trace::read(path).map_err(|error| {
            let state = format!("the trace {} cannot be read", path.display());
            Failure::because(Exit::Usage, state, &error).help(error.help())
        })?;
        traces.push(trace);
    }
    let trace = merge(traces).map_err(|error| {
        Failure::because(Exit::Usage, "the traces do not belong together", &error)
    })?;
    let rendered = render(&trace, arguments.all, say);
    let out = match arguments.format {
        Format::Text => rendered.text,
        Format::Json => rendered.json,
        Format::Html => rendered.html,
    };
    match std::io::stdout().lock().write_all(out.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::because(Exit::Internal, "the report was not written", &error))
        }
        _ if rendered.nothing_observed => Ok(Exit::NothingObserved),
        _ if rendered.invariant_broken || rendered.not_isolated => Ok(Exit::GateFailed),
        _ => Ok(Exit::Clean),
    }
}

fn paths(arguments: &ReportArguments) -> Result<Vec<PathBuf>, Failure> {
    if !arguments.traces.is_empty() {
        return Ok(arguments.traces.clone());
    }
    let here = std::env::current_dir()
        .map_err(|error| Failure::because(Exit::Usage, "there is no current directory", &error))?;
    let path = latest_trace(&Config::find(&here)?.output);
    if path.exists() {
        return Ok(vec![path]);
    }
    Err(Failure::new(Exit::Usage, "there is no earlier run to report on").help("proofmark run"))
}
