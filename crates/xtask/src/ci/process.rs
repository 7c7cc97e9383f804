//! One gate as a process.
//!
//! In: a [`Gate`] and the folder it judges. Out: an [`Ended`]: what came of it, how long it took,
//! how many seconds of processor; its output is in a log.
//!
//! **Invariant:** a gate that could not run is never passed: exit code 77, a missing tool and a
//! broken need are SKIPPED with the reason; everything else but 0 is FAIL.

use std::fs::{self, File};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::gates::{Gate, Place};

/// What came of a gate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Pass,
    /// Why, in a few words.
    Fail(String),
    /// Why it could not run.
    Skipped(String),
}

/// A gate that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) wall_s: f64,
    /// Of the gate and everything it waited for.
    pub(crate) cpu_s: f64,
    pub(crate) log: PathBuf,
}

impl Ended {
    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        let log = PathBuf::new();
        Self { outcome: Outcome::Skipped(why.into()), wall_s: 0.0, cpu_s: 0.0, log }
    }
}

/// Where gates run and what they find there.
#[derive(Clone, Debug)]
pub(crate) struct Workplace {
    /// The folder that is judged.
    pub(crate) folder: PathBuf,
    /// Where logs are put.
    pub(crate) logs: PathBuf,
    /// What is looked through for commands.
    pub(crate) path: std::ffi::OsString,
    /// Set for the gate.
    pub(crate) variables: Vec<(String, PathBuf)>,
}

/// Runs `script` as the gate's command.
pub(crate) fn run(gate: &Gate, script: &str, place: &Workplace) -> anyhow::Result<Ended> {
    if gate.place == Place::GithubOnly {
        return Ok(Ended::skipped(format!("only on GitHub; {}", gate.says)));
    }
    for tool in &gate.tools {
        if !is_on(&place.path, tool) {
            return Ok(Ended::skipped(format!("no {tool} here; cargo xtask ci install")));
        }
    }
    fs::create_dir_all(&place.logs)?;
    let log = place.logs.join(format!("{}.log", gate.id));
    let times = place.logs.join(format!("{}.times", gate.id));
    let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let started = Instant::now();
    let limit = Duration::from_secs(gate.limit_s());
    let mut child = spawn(script, place, &times, output)?;
    let code = wait(&mut child, started, limit)?;
    let outcome = match code {
        None => Outcome::Fail(format!("still running after {} s, ended", limit.as_secs())),
        Some(0) => Outcome::Pass,
        Some(77) => Outcome::Skipped(reason(&log)),
        Some(code) => Outcome::Fail(format!("exit code {code}")),
    };
    let cpu_s = fs::read_to_string(&times).map_or(0.0, |text| processor_s(&text));
    // The file is only the way from the shell to here.
    drop(fs::remove_file(&times));
    Ok(Ended { outcome, wall_s: started.elapsed().as_secs_f64(), cpu_s, log })
}

fn spawn(script: &str, place: &Workplace, times: &Path, output: File) -> anyhow::Result<Child> {
    // `times` at the end says what everything that was waited for has used.
    let wrapped = "(eval \"$GATE_SCRIPT\"); code=$?; times >\"$GATE_TIMES\"; exit $code";
    let mut command = Command::new("bash");
    command
        .args(["-o", "pipefail", "-c", wrapped])
        .current_dir(&place.folder)
        .env("GATE_SCRIPT", format!("set -euo pipefail\n{script}"))
        .env("GATE_TIMES", times)
        .env("PATH", &place.path)
        .env("XTASK_ROOT", &place.folder)
        .env("CARGO_TERM_COLOR", "never")
        .env("NO_COLOR", "1")
        .envs(place.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    // What `cargo run` says of xtask is not about the gates.
    for (name, _) in std::env::vars_os() {
        let own = name.to_string_lossy();
        if own.starts_with("CARGO_PKG_") || own.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.env_remove("LD_LIBRARY_PATH");
    if !std::io::stdin().is_terminal() {
        // A group of its own can be ended as a whole; at a terminal Ctrl-C must reach it instead.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    command.spawn().context("cannot start bash")
}

/// The exit code; none if the limit came first.
fn wait(child: &mut Child, started: Instant, limit: Duration) -> anyhow::Result<Option<i32>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.code().unwrap_or(1)));
        }
        if started.elapsed() > limit {
            let group = format!("-{}", child.id());
            // The group is gone if the gate has just ended by itself.
            drop(Command::new("kill").args(["-KILL", "--", &group]).status());
            drop(child.kill());
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The reason behind exit code 77: the last line that begins with `SKIPPED: `.
fn reason(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let said = text.lines().rev().find_map(|line| line.trim().strip_prefix("SKIPPED: "));
    said.unwrap_or("exit code 77, without saying why").to_owned()
}

/// The seconds in what `times` prints: `0m0.5s 0m0.1s`, of the shell and of its children.
fn processor_s(text: &str) -> f64 {
    let seconds = |word: &str| -> Option<f64> {
        let (minutes, rest) = word.split_once('m')?;
        let seconds: f64 = rest.strip_suffix('s')?.parse().ok()?;
        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds)
    };
    text.split_whitespace().filter_map(seconds).sum()
}

/// Whether one of the folders of `path` has this command.
pub(crate) fn is_on(path: &std::ffi::OsStr, command: &str) -> bool {
    std::env::split_paths(path).any(|folder| folder.join(command).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::gates::Gates;

    fn ended(script: &str, more: &str) -> (Ended, tempfile::TempDir) {
        let text = format!(
            "[[gate]]\nid = \"g\"\nsays = \"s\"\nrun = '''{script}'''\nclass = \"fast\"\n{more}\n\
             inputs = [\"**\"]\nbudget_s = 1\ngroup = \"lint\"\nproof = {{ expect = \"x\" }}\n"
        );
        let gates = Gates::parse(&text).expect("one gate");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = Workplace {
            folder: folder.path().to_path_buf(),
            logs: folder.path().to_path_buf(),
            path: std::env::var_os("PATH").expect("a PATH"),
            variables: Vec::new(),
        };
        (run(&gates.all[0], script, &place).expect("bash starts"), folder)
    }

    #[test]
    fn the_outcome_is_what_the_exit_code_says() {
        let outcome = |script: &str| ended(script, "").0.outcome;
        assert_eq!(outcome("true"), Outcome::Pass);
        assert_eq!(outcome("exit 3"), Outcome::Fail("exit code 3".to_owned()));
        assert_eq!(outcome("echo SKIPPED: no x; exit 77"), Outcome::Skipped("no x".to_owned()));
    }

    #[test]
    fn a_failure_in_the_middle_of_a_script_or_a_pipe_is_a_failure() {
        assert_eq!(ended("false; true", "").0.outcome, Outcome::Fail("exit code 1".to_owned()));
        assert_eq!(ended("false | cat", "").0.outcome, Outcome::Fail("exit code 1".to_owned()));
    }

    #[test]
    fn a_missing_tool_is_skipped_and_says_what_to_do() {
        let (ended, _folder) = ended("true", "tools = [\"no-such-tool\"]");
        let expected = "no no-such-tool here; cargo xtask ci install";
        assert_eq!(ended.outcome, Outcome::Skipped(expected.to_owned()));
    }

    #[test]
    fn processor_time_counts_what_the_gate_started() {
        let (ended, _folder) = ended("bash -c 'for ((i = 0; i < 200000; i++)); do :; done'", "");
        assert!(ended.cpu_s > 0.01, "{}", ended.cpu_s);
        let sum = processor_s("0m0.500s 0m0.250s\n1m1.000s 0m0.000s\n");
        assert!((sum - 61.75).abs() < 1e-9, "{sum}");
    }
}
