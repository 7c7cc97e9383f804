//! A project of its own for tests that are run in a process of their own.
//!
//! **Invariant**: what such a process leaves is below the project's directory or on its server.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Long enough for a first start on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_mins(1);

/// A directory with a `proofmark.toml` and this crate's migrations.
pub(crate) struct Project {
    directory: TempDir,
}

impl Project {
    /// With one database.
    pub(crate) fn new() -> Self {
        Self::with("[database.box_office]\nmigrations = \"migrations\"\n")
    }

    /// With these databases.
    pub(crate) fn with(databases: &str) -> Self {
        let project = Self::empty();
        let root = project.root();
        let text = format!("[postgres]\nurl = \"private\"\n{databases}");
        std::fs::write(root.join("proofmark.toml"), text).unwrap();
        std::fs::create_dir(root.join("migrations")).unwrap();
        let migration = include_str!("../migrations/001_seats.sql");
        std::fs::write(root.join("migrations/001_seats.sql"), migration).unwrap();
        project
    }

    /// With one database and something that must hold in it.
    pub(crate) fn with_an_invariant() -> Self {
        let project = Self::with(
            "[database.box_office]\nmigrations = \"migrations\"\ninvariants = \"rules.sql\"\n",
        );
        let rule = "-- invariant: every_show_has_a_seat\n\
                    -- Must hold: a show that was added has a seat\n\
                    SELECT id AS show, title FROM show WHERE id > 1\n\
                    AND NOT EXISTS (SELECT FROM seat WHERE show_id = show.id);\n";
        std::fs::write(project.root().join("rules.sql"), rule).unwrap();
        project
    }

    /// Without a `proofmark.toml`.
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The command that runs `tests` of `hidden`, as cargo would in this project.
    pub(crate) fn command(&self, tests: &[&str]) -> Command {
        self.command_on(tests, "8")
    }

    fn command_on(&self, tests: &[&str], threads: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact"]).args(["--test-threads", threads]);
        command.args(tests.iter().map(|test| format!("hidden::{test}")));
        command.env("CARGO_MANIFEST_DIR", self.root());
        for variable in ["PROOFMARK_URL", "PROOFMARK_SERVER_URL", "DATABASE_URL"] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs `tests` of `hidden` and waits for their end.
    pub(crate) fn run(&self, tests: &[&str]) -> Ran {
        Ran::from(self.command(tests).output().unwrap())
    }

    /// The same, one after the other in the order of their names.
    pub(crate) fn run_in_order(&self, tests: &[&str]) -> Ran {
        Ran::from(self.command_on(tests, "1").output().unwrap())
    }

    /// What a hidden test wrote for us to read.
    pub(crate) fn noted(&self, name: &str) -> String {
        std::fs::read_to_string(self.root().join(name)).unwrap()
    }
}

/// What the harness of such a process said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) succeeded: bool,
    /// Both streams.
    pub(crate) said: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let said = [output.stdout, output.stderr].concat();
        Self { succeeded: output.status.success(), said: String::from_utf8(said).unwrap() }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn passed(self) -> Self {
        assert!(self.succeeded, "{}", self.said);
        self
    }

    #[track_caller]
    pub(crate) fn failed(self) -> Self {
        assert!(!self.succeeded, "{}", self.said);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.said.contains(text), "no `{text}` in:\n{}", self.said);
        self
    }

    #[track_caller]
    pub(crate) fn does_not_say(self, text: &str) -> Self {
        assert!(!self.said.contains(text), "`{text}` in:\n{}", self.said);
        self
    }
}

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
