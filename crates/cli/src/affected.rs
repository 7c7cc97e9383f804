//! `proofmark affected`: the tests that touched what a change of the migrations is about.
//!
//! In: a trace of a run of all tests, and the migrations that differ from another commit. Out: the
//! names of tests, for the runner.
//!
//! **Invariant**: a test is named for what it did to the database, never for its own name; what
//! cannot be known is said.

mod change;
mod touched;

use std::collections::BTreeSet;
use std::path::PathBuf;

use proofmark::config::Config;
use proofmark_report::terminal::visible;
use proofmark_trace::{Run, Trace};

use crate::args::{AffectedArguments, TestFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{paths, print, read};
use crate::say::{Mood, Say};

pub(crate) fn affected(arguments: &AffectedArguments, say: &Say) -> Result<Exit, Failure> {
    let trace = read(&paths(&arguments.traces)?)?;
    let root = root()?;
    let known = migrations(&trace);
    if known.is_empty() {
        return Err(Failure::new(Exit::Usage, "the trace holds no migrations to compare with")
            .help("`affected` needs `migrations = \"...\"` of a database in proofmark.toml"));
    }
    let changes = change::since(&root, &arguments.diff, &known)?;
    let words = change::words(&changes);
    let touched = touched::by(&trace, &words);
    say.line("Changed", &summary(changes.len(), &touched.tables));
    if changes.iter().any(|one| !one.words.is_empty()) && touched.tables.is_empty() {
        say.loud(
            Mood::Warning,
            "Warning",
            "the change names no table that the trace knows: no earlier test can have touched it",
        );
    }
    if touched.shared > 0 {
        let text = format!(
            "{} of the names stand for several tests, which shared a database",
            touched.shared
        );
        say.loud(Mood::Warning, "Warning", &text);
    }
    print(&named(&touched.tests, arguments.format))?;
    Ok(Exit::Clean)
}

fn root() -> Result<PathBuf, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::because(Exit::Usage, "there is no current directory", &error))?;
    Ok(Config::find(&here)?.root)
}

fn migrations(trace: &Trace) -> BTreeSet<&str> {
    let databases = trace.runs.iter().filter_map(Run::started).flat_map(|run| &run.databases);
    databases.flat_map(|one| &one.migrations).map(|one| one.path.as_str()).collect()
}

fn summary(files: usize, tables: &BTreeSet<String>) -> String {
    let word = if files == 1 { "migration" } else { "migrations" };
    let names: Vec<_> = tables.iter().map(|table| visible(table)).collect();
    match names.len() {
        0 => format!("{files} {word}, no known table"),
        1..=8 => format!("{files} {word}: {}", names.join(", ")),
        n => format!("{files} {word}: {} and {} more tables", names[..8].join(", "), n - 8),
    }
}

fn named(tests: &BTreeSet<String>, format: TestFormat) -> String {
    let lines = |names: Vec<String>| names.into_iter().map(|name| name + "\n").collect::<String>();
    match format {
        TestFormat::Plain => lines(tests.iter().map(|name| visible(name).into_owned()).collect()),
        TestFormat::Pytest => {
            let ids: BTreeSet<String> = tests.iter().map(|name| node_id(name)).collect();
            lines(ids.into_iter().collect())
        }
        TestFormat::Nextest if tests.is_empty() => "none()\n".to_owned(),
        TestFormat::Nextest => {
            let matchers: Vec<String> = tests.iter().map(|name| matcher(name)).collect();
            matchers.join(" | ") + "\n"
        }
    }
}

/// The node of `tests/test_a.py::test_b (call)`, a phase as pytest tells it to processes, or of
/// `tests/test_a.py::test_b @gw1`, as the plugin names it under xdist.
fn node_id(test: &str) -> String {
    let worker = test.rsplit_once(" @").filter(|(_, worker)| !worker.contains(' '));
    let test = worker.map_or(test, |(id, _)| id);
    let phases = [" (setup)", " (call)", " (teardown)"];
    let id = phases.iter().find_map(|phase| test.strip_suffix(phase)).unwrap_or(test);
    visible(id).into_owned()
}

/// A matcher of nextest's filtersets. A test of the Rust library is known by its path with the
/// crate before it, which nextest does not have.
fn matcher(test: &str) -> String {
    let escaped =
        |name: &str| visible(name).replace('\\', r"\\").replace(')', r"\)").replace(',', r"\,");
    match test.split_once("::") {
        Some((_, rest)) => format!("test(={}) | test(={})", escaped(test), escaped(rest)),
        None => format!("test(={})", escaped(test)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_named_as_their_runner_reads_them() {
        let tests: BTreeSet<String> =
            ["shop::orders::places", "one"].map(str::to_owned).into_iter().collect();
        assert_eq!(named(&tests, TestFormat::Plain), "one\nshop::orders::places\n");
        assert_eq!(
            named(&tests, TestFormat::Nextest),
            "test(=one) | test(=shop::orders::places) | test(=orders::places)\n"
        );
        assert_eq!(named(&BTreeSet::new(), TestFormat::Nextest), "none()\n");
        let phases = ["t.py::a[x y] (call)", "t.py::a[x y] @gw1"].map(str::to_owned);
        let phases: BTreeSet<String> = phases.into_iter().collect();
        assert_eq!(named(&phases, TestFormat::Pytest), "t.py::a[x y]\n");
    }

    #[test]
    fn a_name_cannot_leave_its_matcher() {
        assert_eq!(matcher("a) | all("), r"test(=a\) | all()");
        assert_eq!(matcher("a\nb"), r"test(=a\\nb)");
    }
}
