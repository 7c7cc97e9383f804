//! The command line.
//!
//! In: words. Out: [`Arguments`].
//!
//! **Invariant**: flags are part of the interface; the help is written for a person who reads it
//! for the first time.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs a test suite, in any language, against real, isolated PostgreSQL databases, and shows what
/// the database promises that no test has ever tried.
#[derive(Debug, Parser)]
#[command(
    name = "proofmark",
    version,
    max_term_width = 100,
    after_help = "\
First time here:
  proofmark init            writes a commented proofmark.toml
  proofmark doctor          shows which PostgreSQL would be used, and why
  proofmark run             runs the command of proofmark.toml and reports
  proofmark run -- pytest   runs any other command

Exit codes:
  0  clean                     3  nothing was observed
  1  internal error            4  the suite itself failed
  2  usage or configuration    5  no server could be used
                              10  the gate failed"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// Say nothing but the report and errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Colours: by default where a terminal reads along and NO_COLOR is not set.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, value_name = "WHEN")]
    pub(crate) color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a suite through Proofmark and report what it tried.
    Run(RunArguments),
    /// Serve databases to the test runner that started this, until it is done.
    #[command(mut_arg("command", |command| command.hide(true)), after_help = SERVING)]
    Serve(RunArguments),
    /// Write a commented proofmark.toml for this project.
    Init(InitArguments),
    /// Show the report of an earlier run again, or merge the traces of several machines.
    Report(ReportArguments),
    /// Walk through the findings of the latest run: accept, open, skip.
    Review(ReviewArguments),
    /// Explain a finding: why it matters, what to do, when to accept it.
    Explain(ExplainArguments),
    /// Join the traces of several machines that ran parts of one suite.
    Merge(MergeArguments),
    /// Name the tests that touched what a change of the migrations is about.
    Affected(AffectedArguments),
    /// Show which PostgreSQL would be used and why, and what is configured.
    Doctor(DoctorArguments),
    /// Open psql on a database that was kept because its test failed.
    Psql(KeptArguments),
    /// Print the URL of a kept database; its server runs on for a while.
    Url(UrlArguments),
    /// The process behind `url`.
    #[command(hide = true)]
    Hold(HoldArguments),
}

/// What `proofmark serve` and its parent say to each other.
const SERVING: &str = "\
For test runners that are running already, such as pytest or a setup file of vitest:
  standard output  one line of JSON: the variables to set and to unset, the databases;
                   at the end, the report
  standard input   the runner's exit code; its end is the end of the run, so that a runner that is
                   killed leaves nothing behind";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  proofmark run                              the command of proofmark.toml
  proofmark run -- pytest -n 4               one database per worker
  proofmark run -- cargo nextest run         one database per test
  proofmark run --postgres 18 -- npm test    on PostgreSQL 18

The command finds its database in DATABASE_URL and in PGHOST, PGPORT, PGUSER, PGDATABASE.")]
pub(crate) struct RunArguments {
    /// Major version of the private server, 14 to 18.
    #[arg(long, value_name = "MAJOR", env = "PROOFMARK_POSTGRES_VERSION")]
    pub(crate) postgres: Option<u16>,
    /// URL of a test server to use instead of a private one; `private` ignores DATABASE_URL.
    #[arg(long, value_name = "URL", env = "PROOFMARK_SERVER_URL", hide_env_values = true)]
    pub(crate) server: Option<String>,
    /// Databases made ahead of need [default: number of processors + 1].
    #[arg(long, value_name = "N")]
    pub(crate) ready: Option<usize>,
    /// Compare every database that comes back completely with its template.
    #[arg(long)]
    pub(crate) verify: bool,
    /// Count in every database what becomes of the conditions inside of CHECKs, and which actions
    /// of foreign keys run. Slower.
    #[arg(long)]
    pub(crate) deep: bool,
    /// Name every promise, not only the gaps that come first.
    #[arg(long)]
    pub(crate) all: bool,
    /// Judge the promises that the difference to this commit touches, such as origin/main.
    #[arg(long, value_name = "COMMIT")]
    pub(crate) diff: Option<String>,
    /// The command to run instead of the one in proofmark.toml.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Where to write it.
    #[arg(default_value = ".", value_name = "DIRECTORY")]
    pub(crate) directory: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person at a terminal.
    Text,
    /// Everything, for programs.
    Json,
    /// One page that opens from disk.
    Html,
    /// Tests and findings as JUnit XML.
    Junit,
    /// Findings as code-scanning alerts on the migration lines.
    Sarif,
    /// For the page of a CI job.
    Markdown,
    /// Promises as lines of the migration files.
    Lcov,
    /// For the textfile collector.
    Prometheus,
    /// A picture for a README.
    Badge,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  proofmark report --open                          the page of the latest run, in a browser
  proofmark report --format markdown --base main.json >> \"$GITHUB_STEP_SUMMARY\"
  proofmark report --format sarif --output proofmark.sarif
  proofmark report shard-1.jsonl shard-2.jsonl     several traces as one")]
pub(crate) struct ReportArguments {
    /// Traces to read; several are merged [default: the latest run's].
    #[arg(value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Write it to a file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// A report.json to compare with: what is new, what is no longer there. For markdown.
    #[arg(long, value_name = "REPORT")]
    pub(crate) base: Option<PathBuf>,
    /// Write the page and open it in a browser.
    #[arg(long, conflicts_with = "format")]
    pub(crate) open: bool,
    /// Name every promise, not only the gaps that come first.
    #[arg(long)]
    pub(crate) all: bool,
    /// Judge the promises that the difference to this commit touches, such as origin/main.
    #[arg(long, value_name = "COMMIT")]
    pub(crate) diff: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  proofmark review                            one finding after the other
  proofmark review --accept ID --reason 'we import these rows' --until 2027-06-30
  proofmark review --prune                    forget what no longer exists

Accepted findings are kept in proofmark.baseline.toml, beside proofmark.toml.")]
pub(crate) struct ReviewArguments {
    /// Accept the finding with this id, whether or not the latest run has it.
    #[arg(long, value_name = "ID", requires = "reason", conflicts_with = "prune")]
    pub(crate) accept: Option<String>,
    /// Why it is accepted.
    #[arg(long, value_name = "TEXT", requires = "accept")]
    pub(crate) reason: Option<String>,
    /// The last day on which that holds.
    #[arg(long, value_name = "DATE", requires = "accept")]
    pub(crate) until: Option<String>,
    /// Forget accepted findings that the latest run does not have.
    #[arg(long)]
    pub(crate) prune: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A check, such as never-refused, or the id of a finding; without one, all are listed.
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  proofmark merge --output all.jsonl shard-1.jsonl shard-2.jsonl
  proofmark report --format html --output report.html all.jsonl

The traces must be of the same schema: of runs from the same commit.")]
pub(crate) struct MergeArguments {
    /// Traces of the parts of one suite.
    #[arg(value_name = "TRACE", required = true)]
    pub(crate) traces: Vec<PathBuf>,
    /// Where to write the one that has them all.
    #[arg(short, long, value_name = "FILE", default_value = "merged.jsonl")]
    pub(crate) output: PathBuf,
}

/// How `affected` names tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// A filterset for `cargo nextest run -E`.
    Nextest,
    /// Node ids for pytest, one a line.
    Pytest,
    /// Names as the trace has them, one a line.
    Plain,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  proofmark affected --diff origin/main
  cargo nextest run -E \"$(proofmark affected --diff origin/main --format nextest)\"
  proofmark affected --diff origin/main --format pytest | xargs pytest

A test is named if it wrote to a table, or was refused by a promise of a table, that the changed
statements of the migrations name. What a test only reads is not known: run everything now and then.")]
pub(crate) struct AffectedArguments {
    /// The commit to compare the migrations with.
    #[arg(long, value_name = "BASE")]
    pub(crate) diff: String,
    /// How to name the tests.
    #[arg(long, value_enum, default_value_t = TestFormat::Plain)]
    pub(crate) format: TestFormat,
    /// Traces of a run of all tests [default: the latest run's].
    #[arg(value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Major version to look for, 14 to 18.
    #[arg(long, value_name = "MAJOR", env = "PROOFMARK_POSTGRES_VERSION")]
    pub(crate) postgres: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct KeptArguments {
    /// The database's or the test's name, or a part of it; without one, the kept ones are listed.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Passed on to psql.
    #[arg(last = true, value_name = "PSQL ARGUMENTS")]
    pub(crate) rest: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct UrlArguments {
    /// The database's or the test's name, or a part of it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// For how long the server runs on.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) minutes: u32,
}

#[derive(Debug, Args)]
pub(crate) struct HoldArguments {
    #[arg(last = true)]
    pub(crate) name: String,
    #[arg(long)]
    pub(crate) minutes: u32,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_follows_two_dashes_belongs_to_the_suite() {
        let parsed = Arguments::parse_from(["proofmark", "run", "--", "pytest", "--quiet"]);
        let Verb::Run(run) = parsed.verb else { panic!("{parsed:?}") };
        assert_eq!(run.command, ["pytest", "--quiet"]);
        assert!(!parsed.quiet);
    }
}
