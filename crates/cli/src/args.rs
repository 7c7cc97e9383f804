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
  2  usage or configuration    5  no server could be used"
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
    /// Name every promise, not only the gaps that come first.
    #[arg(long)]
    pub(crate) all: bool,
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
    Text,
    Json,
    Html,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Traces to read; several are merged [default: the latest run's].
    #[arg(value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Name every promise, not only the gaps that come first.
    #[arg(long)]
    pub(crate) all: bool,
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
