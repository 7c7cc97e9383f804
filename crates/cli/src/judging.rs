//! By what a run is judged.
//!
//! In: the configuration, the baseline beside it, the difference to a commit, the results of
//! earlier runs. Out: [`Judging`], the settings of the checks and the rules of the gate.
//!
//! **Invariant**: everything that can be wrong with it is found before a suite is run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use proofmark::config::{Config, FindingsConfig, GateConfig};
use proofmark_coverage::Coverage;
use proofmark_findings::{
    BASELINE_FILE, Baseline, Diff, Finished, Gate, Kind, PastRun, Rules, Settings,
};
use proofmark_report::Report;
use proofmark_trace::{Event, LeaseReturned, Record, Trace};

use crate::exit::Exit;
use crate::failure::Failure;

/// The file in which a run leaves how its tests ended.
pub(crate) const OUTCOMES_FILE: &str = "outcomes.json";

/// Settings and rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Judging {
    settings: Settings,
    rules: Rules,
}

impl Judging {
    /// By the configuration of a project and its baseline.
    pub(crate) fn of(config: &Config, diff: Option<&str>) -> Result<Self, Failure> {
        let diff = diff.map(|commit| difference(&config.root, commit)).transpose()?;
        Ok(Self {
            settings: settings(&config.findings),
            rules: Rules {
                gate: config.gate.as_ref().map(gate).unwrap_or_default(),
                baseline: read_baseline(&config.root)?,
                today: chrono::Utc::now().date_naive().to_string(),
                diff,
            },
        })
    }

    /// Adds the results of the runs that came before `run`, a directory of a run.
    pub(crate) fn after(mut self, run: &Path) -> Self {
        self.settings.history = history(run);
        self
    }

    /// What a trace comes to.
    pub(crate) fn report(&self, trace: &Trace, coverage: &Coverage) -> Report {
        let finished = Finished::with(trace, coverage, self.settings.clone());
        Report::judged(&finished, &self.rules)
    }
}

/// Where a project's baseline is.
pub(crate) fn baseline_path(root: &Path) -> PathBuf {
    root.join(BASELINE_FILE)
}

/// The baseline of a project; without a file it is empty.
pub(crate) fn read_baseline(root: &Path) -> Result<Baseline, Failure> {
    let path = baseline_path(root);
    let state = || format!("the baseline {} cannot be used", path.display());
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            Baseline::parse(&text).map_err(|error| Failure::because(Exit::Usage, state(), &error))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Baseline::default()),
        Err(error) => Err(Failure::because(Exit::Usage, state(), &error)),
    }
}

fn settings(config: &FindingsConfig) -> Settings {
    let default = Settings::default();
    Settings {
        slow_test_ms: config.slow_test_ms.unwrap_or(default.slow_test_ms),
        slow_lease_ms: config.slow_lease_ms.unwrap_or(default.slow_lease_ms),
        large_tables: config.large_tables.clone(),
        history: Vec::new(),
    }
}

fn gate(config: &GateConfig) -> Gate {
    let by_kind = |percentages: &BTreeMap<&'static str, f64>| {
        let kinds = Kind::ALL.into_iter();
        kinds.filter_map(|kind| Some((kind, *percentages.get(kind.word())?))).collect()
    };
    Gate {
        new_findings: config.new_findings,
        refused: by_kind(&config.refused),
        accepted: by_kind(&config.accepted),
        changed: config.changed,
        suite_s: config.suite_s,
    }
}

/// The lines below `root` that differ from `commit`, with files that git does not know yet.
fn difference(root: &Path, commit: &str) -> Result<Diff, Failure> {
    let failed = |why: &str| {
        let commit = proofmark_report::terminal::visible(commit);
        Failure::new(Exit::Usage, format!("the difference to `{commit}` is not known: {why}"))
            .help(format!("git -C {} diff --merge-base {commit}", root.display()))
            .help("in CI: fetch the base branch, for example `git fetch origin main`")
    };
    if commit.starts_with('-') {
        return Err(failed("that is no commit"));
    }
    let git = |arguments: &[&str]| -> Result<String, Failure> {
        let output = Command::new("git")
            .arg("-C")
            .arg(root)
            .args(arguments)
            .output()
            .map_err(|error| failed(&format!("git cannot be started: {error}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(failed(said.lines().next().unwrap_or("git failed")));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    // Without the user's own settings of how a difference looks.
    let text = git(&[
        "-c",
        "core.quotePath=true",
        "diff",
        "--no-ext-diff",
        "--no-color",
        "--no-prefix",
        "--relative",
        "--unified=0",
        "--merge-base",
        commit,
        "--",
    ])?;
    let mut diff = Diff::parse(commit, &text);
    let new = git(&["ls-files", "--others", "--exclude-standard", "-z"])?;
    new.split_terminator('\0').for_each(|path| diff.add_file(path));
    Ok(diff)
}

/// Whether each test of a trace failed; one that both failed and passed has failed.
pub(crate) fn outcomes(trace: &Trace) -> BTreeMap<String, bool> {
    let mut outcomes: BTreeMap<String, bool> = BTreeMap::new();
    let mut tests = BTreeMap::new();
    for (run, entry) in trace.entries() {
        let (test, failed) = match &entry.record {
            Record::Proxy(Event::LeaseGiven { lease, test, .. }) => {
                tests.insert((run, *lease), test);
                (test, false)
            }
            Record::Proxy(Event::LeaseEnded { lease, failed, .. }) => {
                let Some(test) = tests.get(&(run, *lease)) else { continue };
                (*test, *failed)
            }
            Record::LeaseReturned(LeaseReturned { test, failed, .. }) => (test, *failed),
            _ => continue,
        };
        *outcomes.entry(test.as_str().to_owned()).or_default() |= failed;
    }
    outcomes
}

/// The results of the runs beside `run` that are older, the oldest first. A result that cannot be
/// read is one that is not known.
fn history(run: &Path) -> Vec<PastRun> {
    let (Some(runs), Some(own)) = (run.parent(), run.file_name()) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(runs) else { return Vec::new() };
    // The names of runs sort by time.
    let mut older: Vec<PathBuf> =
        entries.flatten().filter(|e| e.file_name() < *own).map(|e| e.path()).collect();
    older.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(path.join(OUTCOMES_FILE)).ok()?;
        Some(PastRun { failed: serde_json::from_str(&text).ok()? })
    };
    older.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_promise_can_have_a_minimum() {
        let all: Vec<String> =
            Kind::ALL.iter().map(|kind| format!("{} = 7", kind.word())).collect();
        let text = format!("[database.a]\n[gate.refused]\n{}\n", all.join("\n"));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("proofmark.toml");
        std::fs::write(&path, text).unwrap();
        let config = Config::read(&path).unwrap();
        let rules = gate(config.gate.as_ref().unwrap());
        assert_eq!(rules.refused, Kind::ALL.map(|kind| (kind, 7.0)).into());
    }

    #[test]
    fn only_older_runs_are_history_and_a_broken_file_is_none() {
        let root = tempfile::tempdir().unwrap();
        let file = |run: &str, text: &str| {
            let directory = root.path().join(run);
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(directory.join(OUTCOMES_FILE), text).unwrap();
        };
        file("1", "{\"a\": true}");
        file("2", "{");
        file("3", "{\"a\": false}");
        file("4", "{\"a\": true}");
        let failed: Vec<bool> =
            history(&root.path().join("4")).iter().map(|run| run.failed["a"]).collect();
        assert_eq!(failed, [true, false]);
    }
}
