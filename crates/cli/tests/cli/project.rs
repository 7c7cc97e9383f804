//! A project with migrations and a suite, and the command run in it.
//!
//! In: files and arguments. Out: [`Ran`], with what is different each time replaced.
//!
//! **Invariant**: nothing of the caller's environment reaches the command except where the
//! machine's servers are; everything is in a temporary directory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use nix::sys::signal::Signal;
use proofmark_postgres::Cache;
use tempfile::NamedTempFile;

use crate::machine::{PATIENCE, directories_of, processes_of, send, until};

/// Two tables with a promise of most kinds. Most projects have the same schema, so that they
/// share one template.
pub(crate) const SCHEMA: &str = "\
CREATE TABLE shelf (
    id bigint CONSTRAINT shelf_key PRIMARY KEY,
    label text NOT NULL,
    CONSTRAINT shelf_label_once UNIQUE (label)
);

CREATE TABLE item (
    id bigint CONSTRAINT item_key PRIMARY KEY,
    shelf_id bigint NOT NULL CONSTRAINT item_on_shelf REFERENCES shelf,
    name text NOT NULL,
    quantity integer NOT NULL,
    price integer NOT NULL,
    CONSTRAINT item_name_not_secret CHECK (name NOT LIKE '%secret%'),
    CONSTRAINT item_price_not_negative CHECK (price >= 0),
    CONSTRAINT item_quantity_positive CHECK (quantity > 0)
);

INSERT INTO shelf VALUES (1, 'first');
";

/// The configuration of most projects. Leases by name wait for a busy machine.
pub(crate) const CONFIGURATION: &str = "\
command = [\"sh\", \"-eu\", \"suite.sh\"]
[identity]
grace_ms = 60000
[database.shop]
migrations = \"migrations\"
";

/// Variables that reach the command: where to find and to keep servers.
const PASSED_ON: [&str; 2] = ["PROOFMARK_CACHE", "PROOFMARK_POSTGRES_BIN"];

/// Beginnings of the names of variables that would change what the command does.
const SCRUBBED: [&str; 14] = [
    "PROOFMARK_",
    "PG",
    "DATABASE_URL",
    "NEXTEST",
    "PYTEST_",
    "JEST_",
    "VITEST_",
    "TEST_",
    "NO_COLOR",
    "CLICOLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "TERM",
    "LC_",
];

/// A directory with a `proofmark.toml`.
pub(crate) struct Project {
    directory: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Project {
    /// A project without any file.
    pub(crate) fn empty() -> Self {
        let directory = tempfile::tempdir().expect("the temporary directory can be written");
        // Where root runs the tests, servers run as another user who has to pass through.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(directory.path(), open).expect("it is ours");
        Self { directory, environment: Vec::new() }
    }

    /// A project whose suite is `script`, a shell script that stops at the first failure.
    pub(crate) fn new(script: &str) -> Self {
        Self::empty()
            .file("migrations/1_shelf.sql", SCHEMA)
            .file("proofmark.toml", CONFIGURATION)
            .file("suite.sh", script)
    }

    /// Adds a file, or replaces it.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("it is below the project"))
            .expect("the project is ours");
        std::fs::write(path, text).expect("the project is ours");
    }

    /// Writes a script that can be run. A process of its own writes it: if this one did, a child
    /// that another thread starts at that moment would hold the file open, and it could not be
    /// run for as long ("text file busy").
    pub(crate) fn script(&self, path: &str, text: &str) {
        let write = "printf '%s' \"$1\" >\"$0\" && chmod 755 \"$0\"";
        let status = Command::new("sh").args(["-c", write]).arg(self.path(path)).arg(text).status();
        assert!(status.expect("there is a shell").success(), "the project is ours");
    }

    /// Sets a variable for every command that follows.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs git in the project, as somebody who exists nowhere else.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) {
        let status = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(arguments)
            .current_dir(self.root())
            .status();
        assert!(status.expect("git is there").success(), "git {arguments:?}");
    }

    /// Makes a directory that the server's user may pass through; its path.
    pub(crate) fn open_directory(&self, path: &str) -> String {
        let path = self.path(path);
        std::fs::create_dir(&path).expect("the project is ours");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, open).expect("it is ours");
        path.to_string_lossy().into_owned()
    }

    /// Gives the command a cache of its own, empty but for servers that were fetched before.
    pub(crate) fn fresh_cache(self) -> Self {
        let cache = self.open_directory("cache");
        let servers = Cache::user().root().join("servers");
        if servers.is_dir() {
            let link = Path::new(&cache).join("servers");
            std::os::unix::fs::symlink(servers, link).expect("the cache is ours");
        }
        self.env("PROOFMARK_CACHE", &cache)
    }

    /// Gives the command a run root of its own, because the runs of other tests sweep the usual
    /// one; its path.
    pub(crate) fn own_run_root(self) -> (Self, PathBuf) {
        let root = self.open_directory("r");
        let path = PathBuf::from(&root);
        (self.env("PROOFMARK_RUN_ROOT", &root), path)
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// The text of a file, which has to be there.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> String {
        let path = self.path(path);
        std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
    }

    /// What a suite has written into a file, without the white space around it; waits for it.
    #[track_caller]
    pub(crate) fn written(&self, path: &str) -> String {
        until(&format!("the suite has written {path}"), || {
            std::fs::read_to_string(self.path(path)).is_ok_and(|text| text.ends_with('\n'))
        });
        self.text(path).trim().to_owned()
    }

    /// A file of the latest run.
    #[track_caller]
    pub(crate) fn latest(&self, name: &str) -> String {
        self.text(&format!(".proofmark/latest/{name}"))
    }

    /// The report of the latest run.
    #[track_caller]
    pub(crate) fn report(&self) -> serde_json::Value {
        serde_json::from_str(&self.latest("report.json")).expect("report.json is JSON")
    }

    /// The records of the latest run's trace that are of `kind`; the proxy's go by their event.
    #[track_caller]
    pub(crate) fn records(&self, kind: &str) -> Vec<serde_json::Value> {
        let trace = self.latest("trace.jsonl");
        let records = trace.lines().skip(1).filter_map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
            let record = &entry["record"];
            let is_event = record["proxy"]["event"] == kind;
            if is_event { Some(&record["proxy"]) } else { record.get(kind) }.cloned()
        });
        records.collect()
    }

    /// The command with `arguments`, in the project's directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command.args(arguments).current_dir(self.root());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let scrubbed = SCRUBBED.iter().any(|start| text.starts_with(start));
            if scrubbed && !PASSED_ON.contains(&text.as_ref()) {
                command.env_remove(&name);
            }
        }
        // psql reads no file of the user's and speaks English.
        command.env("PSQLRC", "/dev/null").env("LC_ALL", "C");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the command to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.spawn(arguments).finish()
    }

    /// Starts the command.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        self.start(&mut self.command(arguments))
    }

    /// Starts a command that was made with [`Project::command`].
    pub(crate) fn start(&self, command: &mut Command) -> Running {
        // Files, because a pipe would stay open for as long as anything the suite has started.
        let file = || NamedTempFile::new().expect("the temporary directory can be written");
        let open = |file: &NamedTempFile| file.reopen().expect("it has just been made");
        let (out, err) = (file(), file());
        command.stdin(Stdio::null()).stdout(open(&out)).stderr(open(&err));
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn().expect("the command was built");
        Running { child, out, err, root: self.root().to_owned() }
    }

    /// Checks that nothing of the run called `run` is left on this machine.
    #[track_caller]
    pub(crate) fn nothing_is_left_of(&self, run: &str) {
        until(&format!("nothing is left of run {run}"), || {
            processes_of(run).is_empty() && directories_of(run, self.root()).is_empty()
        });
    }
}

/// A command that has been started; ended with the value.
pub(crate) struct Running {
    child: Child,
    out: NamedTempFile,
    err: NamedTempFile,
    root: PathBuf,
}

impl Running {
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("process ids are small")
    }

    pub(crate) fn send(&self, signal: Signal) {
        send(self.pid(), signal);
    }

    /// Waits until it has said `text` on standard error.
    #[track_caller]
    pub(crate) fn said(&mut self, text: &str) {
        until(&format!("it says {text:?}"), || {
            let ended = self.child.try_wait().expect("it is ours").is_some();
            let said = whole(&self.err);
            assert!(!ended || said.contains(text), "ended without saying {text:?}:\n{said}");
            said.contains(text)
        });
    }

    /// Whether it has said `text` on standard error.
    pub(crate) fn has_said(&self, text: &str) -> bool {
        whole(&self.err).contains(text)
    }

    /// Waits until it has ended.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Ran {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                break status;
            }
            if Instant::now() > deadline {
                let (out, err) = (whole(&self.out), whole(&self.err));
                panic!("the command did not end; it said:\n{out}\n{err}");
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        let (out, err) = (whole(&self.out), whole(&self.err));
        Ran { status, out, err, root: self.root.clone() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Only a test that fails comes here; the keeper sees to the rest.
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

fn whole(file: &NamedTempFile) -> String {
    String::from_utf8_lossy(&std::fs::read(file.path()).expect("it is there as long as the value"))
        .into_owned()
}

/// A command that has ended.
pub(crate) struct Ran {
    status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
    root: PathBuf,
}

impl Ran {
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{}\n{}", self.out, self.err);
        self
    }

    /// Standard error, normalised.
    pub(crate) fn err(&self) -> String {
        self.normalised(&self.err)
    }

    /// Standard error, normalised, below a line without indentation: expect-test would take the
    /// indentation that all lines have in common for its own.
    pub(crate) fn progress(&self) -> String {
        format!("it says\n{}", self.err())
    }

    /// Standard output, normalised.
    pub(crate) fn out(&self) -> String {
        self.normalised(&self.out)
    }

    fn normalised(&self, text: &str) -> String {
        let root = self.root.to_string_lossy();
        text.replace(root.as_ref(), "[PROJECT]").lines().map(line).collect()
    }
}

/// A line without what is different on each run or machine.
fn line(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let replaced = words.iter().enumerate().map(|(place, one)| {
        let next = words.get(place + 1).copied().unwrap_or_default();
        if is_number(one) && next.starts_with("ms") { "[N]".to_owned() } else { word(one) }
    });
    let mut line = replaced.collect::<Vec<_>>().join(" ").trim_end().to_owned();
    if let (Some(start), Some(end)) = (line.find("PostgreSQL "), line.rfind(") up in")) {
        line.replace_range(start + "PostgreSQL ".len()..end, "[VERSION] ([ORIGIN]");
    }
    line.push('\n');
    line
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// `shop@435cae05a9e4` and `1.5s]` without the part that changes.
fn word(word: &str) -> String {
    let is_key = |text: &str| text.len() >= 8 && text.chars().all(|c| c.is_ascii_hexdigit());
    if let Some((name, _)) = word.split_once('@').filter(|(_, key)| is_key(key)) {
        return format!("{name}@[KEY]");
    }
    if let Some((before, (_, file))) =
        word.split_once("/runs/").and_then(|(before, rest)| Some((before, rest.split_once('/')?)))
    {
        return format!("{before}/runs/[RUN]/{file}");
    }
    let bare = word.trim_end_matches([']', ')']);
    match bare.strip_suffix('s').filter(|number| is_number(number) && number.contains('.')) {
        Some(_) => format!("[TIME]{}", &word[bare.len()..]),
        None => word.to_owned(),
    }
}
