//! The report of a trace, at the end of a run or of an earlier one.
//!
//! In: a trace. Out: text for people, other forms for programs.
//!
//! **Invariant**: the trace is all it takes: no database, no network, no configuration but the
//! place of the latest run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proofmark::config::{Config, ConfigError};
use proofmark_coverage::cover;
use proofmark_report::{Report, SCHEMA, VERSION, terminal};
use proofmark_trace::{Trace, merge};

use crate::args::{Format, ReportArguments};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::formats;
use crate::judging::Judging;
use crate::output::latest_trace;
use crate::say::Say;

/// What `trace` comes to.
pub(crate) fn of(trace: &Trace, judging: &Judging) -> Report {
    judging.report(trace, &cover(trace))
}

/// How a report is shown on standard output.
pub(crate) fn options(all: bool, say: &Say) -> terminal::Options {
    terminal::Options { color: say.color_on_stdout(), all, ..terminal::Options::default() }
}

/// The exit code of a report whose suite is not asked.
pub(crate) fn exit(report: &Report) -> Exit {
    let tried = report.figures.iter().any(|figure| figure.refused + figure.accepted > 0);
    if report.leases.statements == 0 && !tried && report.unattributed.is_empty() {
        Exit::NothingObserved
    } else if !report.invariants.broken.is_empty()
        || !report.isolation.differed.is_empty()
        || !report.verdict.passed
    {
        Exit::GateFailed
    } else {
        Exit::Clean
    }
}

/// `proofmark report`.
pub(crate) fn report(arguments: &ReportArguments, say: &Say) -> Result<Exit, Failure> {
    let paths = paths(&arguments.traces)?;
    let report = of(&read(&paths)?, &judging(arguments, &paths)?);
    let base = arguments.base.as_deref().map(read_base).transpose()?;
    let format = if arguments.open { Format::Html } else { arguments.format };
    let options = match &arguments.output {
        Some(_) => terminal::Options { all: arguments.all, ..terminal::Options::default() },
        None => options(arguments.all, say),
    };
    let text = formats::text(&report, format, &options, base.as_ref());
    let output = match (&arguments.output, arguments.open) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => Some(paths[0].with_file_name(format.file_name())),
        (None, false) => None,
    };
    let Some(path) = output else { return print(&text).map(|()| exit(&report)) };
    formats::write(&path, &text).map_err(|error| not_written(&path, &error))?;
    say.line("Report", &path.display().to_string());
    if arguments.open {
        open(&path)?;
    }
    Ok(exit(&report))
}

/// What could not be written, and what to do.
pub(crate) fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    let state = format!("{} could not be written", path.display());
    Failure::because(Exit::Internal, state, error)
        .help("name another place: proofmark report --format html --output report.html")
}

/// Prints a report; a reader who goes away has read enough.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::because(Exit::Internal, "the report was not written", &error))
        }
        _ => Ok(()),
    }
}

/// Reads traces and joins them.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Trace, Failure> {
    let mut traces = Vec::new();
    for path in paths {
        let trace = Trace::read(path).map_err(|error| {
            let state = format!("the trace {} cannot be read", path.display());
            Failure::because(Exit::Usage, state, &error).help(error.help())
        })?;
        traces.push(trace);
    }
    merge(traces)
        .map_err(|error| Failure::because(Exit::Usage, "the traces do not belong together", &error))
}

/// By what the report is judged: the project in which it is asked for, if there is one. The runs
/// before are known only of a run that lies beside them.
fn judging(arguments: &ReportArguments, paths: &[PathBuf]) -> Result<Judging, Failure> {
    let here = current_directory()?;
    let config = match Config::find(&here) {
        Ok(config) => config,
        Err(ConfigError::Missing { .. })
            if !arguments.traces.is_empty() && arguments.diff.is_none() =>
        {
            return Ok(Judging::default());
        }
        Err(error) => return Err(error.into()),
    };
    let judging = Judging::of(&config, arguments.diff.as_deref())?;
    let run = match paths {
        [path] if arguments.traces.is_empty() => {
            path.parent().and_then(|latest| latest.canonicalize().ok())
        }
        _ => None,
    };
    Ok(match run {
        Some(run) => judging.after(&run),
        None => judging,
    })
}

fn current_directory() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|error| Failure::because(Exit::Usage, "there is no current directory", &error))
}

/// The given traces, or that of the latest run.
pub(crate) fn paths(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if !given.is_empty() {
        return Ok(given.to_vec());
    }
    let here = current_directory()?;
    let path = latest_trace(&Config::find(&here)?.output);
    if path.exists() {
        return Ok(vec![path]);
    }
    Err(Failure::new(Exit::Usage, "there is no earlier run to report on").help("proofmark run"))
}

/// The report to compare with.
fn read_base(path: &Path) -> Result<Report, Failure> {
    let state = format!("the base report {} cannot be read", path.display());
    let help = "give the report.json of a run of the base branch, written by this version";
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::because(Exit::Usage, &*state, &error).help(help))?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failure::because(Exit::Usage, &*state, &error).help(help))?;
    let version = value.get("version").and_then(serde_json::Value::as_u64);
    if value.get("schema").and_then(serde_json::Value::as_str) != Some(SCHEMA) {
        let state = format!("{state}: it is no report of Proofmark");
        return Err(Failure::new(Exit::Usage, state).help(help));
    }
    if version != Some(u64::from(VERSION)) {
        let found = version.map_or("none".to_owned(), |version| version.to_string());
        let state = format!("{state}: its version is {found}, this proofmark reads {VERSION}");
        return Err(Failure::new(Exit::Usage, state).help(help));
    }
    serde_json::from_value(value)
        .map_err(|error| Failure::because(Exit::Usage, state, &error).help(help))
}

/// Opens the page with whatever this machine opens pages with.
fn open(path: &Path) -> Result<(), Failure> {
    let opener = std::env::var_os("BROWSER")
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| if cfg!(target_os = "macos") { "open" } else { "xdg-open" }.into());
    let failed = || {
        let state = format!("`{}` did not open the page", opener.display());
        Failure::new(Exit::Internal, state)
            .help(format!("open it yourself, or set BROWSER: {}", path.display()))
    };
    let mut command = Command::new(&opener);
    command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(failed()),
    }
}
