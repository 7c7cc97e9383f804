//! What the tests ask the machine: processes, programs, and waiting for either.
//!
//! **Invariant**: every wait is for a condition and has an end.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Long enough for a busy machine; a test that gets this far has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the process exists and is more than an entry that nobody has collected.
pub(crate) fn alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// Sends `signal` to one process that a test has started.
pub(crate) fn send(pid: i32, signal: Signal) {
    assert!(pid > 1, "no process of ours has the number {pid}");
    kill(Pid::from_raw(pid), signal).expect("the process is ours and has not been collected");
}

/// The first program of this name on PATH.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// Whether all programs are here; says SKIPPED if not.
pub(crate) fn has(programs: &[&str]) -> bool {
    for name in programs {
        if program(name).is_none() {
            skipped(&format!("{name} is not installed"));
            return false;
        }
    }
    true
}

/// Says so past the harness, which shows what a test prints only when it fails.
pub(crate) fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let mut out = std::io::stderr().lock();
    writeln!(out, "SKIPPED: {test}: {why}").expect("standard error is open");
}

/// Processes that belong to a run: its suite by its environment, its server and keeper by their
/// arguments.
pub(crate) fn processes_of(run: &str) -> Vec<i32> {
    assert!(!run.is_empty(), "every run has a name");
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("there is a /proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let read = |file: &str| std::fs::read(entry.path().join(file)).unwrap_or_default();
        let variable = format!("PROOFMARK_RUN={run}");
        let in_environment =
            read("environ").split(|byte| *byte == 0).any(|one| one == variable.as_bytes());
        let directory = format!("/{run}");
        let in_arguments = read("cmdline").split(|byte| *byte == 0).any(|argument| {
            let argument = String::from_utf8_lossy(argument);
            argument.ends_with(&directory) || argument.contains(&format!("{directory}/"))
        });
        if (in_environment || in_arguments) && alive(pid) {
            found.push(pid);
        }
    }
    found
}

/// The keeper of a run: a shell that has its directory as an argument.
pub(crate) fn keeper_of(run: &str) -> i32 {
    let is_keeper = |pid: &i32| {
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        arguments.split(|byte| *byte == 0).any(|argument| argument == b"proofmark-keeper")
    };
    let keepers: Vec<i32> = processes_of(run).into_iter().filter(is_keeper).collect();
    assert_eq!(keepers.len(), 1, "a server has one keeper: {keepers:?}");
    keepers[0]
}

/// Directories of a run in every place where it may have one.
pub(crate) fn directories_of(run: &str, run_root: &Path) -> Vec<PathBuf> {
    let roots = [run_root.to_owned(), "/dev/shm".into(), std::env::temp_dir()];
    let mut found = Vec::new();
    for root in roots {
        let base = root.join(format!("proofmark-{}", nix::unistd::geteuid()));
        for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(run) {
                found.push(entry.path());
            }
        }
    }
    found
}
