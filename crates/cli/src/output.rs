//! The directory in which a run leaves its results.
//!
//! In: the configured output directory. Out: a directory per run ([`RunOutput`]), `latest`
//! pointing to the newest, and the kept databases beside them.
//!
//! ```text
//! target/proofmark/
//!   latest -> runs/<newest>
//!   runs/<run>/trace.jsonl  report.txt  report.html  report.json  ...  outcomes.json  server.log
//!   kept/<run>/             the data directory of failed tests' databases
//! ```
//!
//! **Invariant**: two runs at once never write to the same file, and nothing outside of this
//! directory is removed.

use std::io;
use std::path::{Path, PathBuf};

/// How many runs' results are kept.
const RUNS_KEPT: usize = 8;

/// Where one run writes.
#[derive(Debug, Clone)]
pub(crate) struct RunOutput {
    root: PathBuf,
    id: String,
}

impl RunOutput {
    /// Makes the directory of a new run below `root` and forgets the oldest ones.
    pub(crate) fn create(root: &Path) -> io::Result<Self> {
        let since =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let id = format!("{:010x}-{:x}", since.as_millis(), std::process::id());
        std::fs::create_dir_all(root)?;
        let ignore = root.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(ignore, "*\n")?;
        }
        let output = Self { root: root.to_owned(), id };
        std::fs::create_dir_all(output.directory())?;
        point(&root.join("latest"), &Path::new("runs").join(&output.id))?;
        forget_oldest(&root.join("runs"))?;
        Ok(output)
    }

    /// The run's name, which sorts by time.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn directory(&self) -> PathBuf {
        self.root.join("runs").join(&self.id)
    }

    /// A file of the run.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }
}

/// The trace of the newest run below `root`.
pub(crate) fn latest_trace(root: &Path) -> PathBuf {
    root.join("latest").join("trace.jsonl")
}

/// Makes `link` point to `to`, whatever it was before, without a moment in which it is missing.
fn point(link: &Path, to: &Path) -> io::Result<()> {
    let partial = link.with_extension(format!("{}.tmp", std::process::id()));
    std::os::unix::fs::symlink(to, &partial)?;
    std::fs::rename(&partial, link)
}

/// Removes all but the newest runs; their names sort by time.
fn forget_oldest(runs: &Path) -> io::Result<()> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(runs)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    paths.sort();
    for old in paths.iter().rev().skip(RUNS_KEPT) {
        match std::fs::remove_dir_all(old) {
            // Another run that starts now forgets the same.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_runs_are_kept_and_latest_is_the_last() {
        let root = tempfile::tempdir().unwrap();
        let runs = root.path().join("runs");
        for number in 0..12 {
            std::fs::create_dir_all(runs.join(format!("{number:010x}-1"))).unwrap();
        }
        let output = RunOutput::create(root.path()).unwrap();
        assert_eq!(std::fs::read_dir(&runs).unwrap().count(), RUNS_KEPT);
        let latest = std::fs::canonicalize(root.path().join("latest")).unwrap();
        assert!(latest.ends_with(output.id()));
        assert!(!runs.join("0000000000-1").exists());
    }
}
