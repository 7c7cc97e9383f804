//! Removes what killed runs left.
//!
//! In: the run roots. Out: what was removed.
//!
//! **Invariant:** a run directory is touched only when it is marked as ours and all three of its
//! locks are free: no user, no keeper, nobody starting.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{keeper, run_dir, run_root};

/// A run directory that a killed run left and that is gone now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Where it was.
    pub path: PathBuf,
}

/// Why something that a killed run left is still there.
#[derive(Debug, thiserror::Error)]
#[error("cannot remove {}, left by a killed run", .path.display())]
pub struct SweepError {
    /// The run directory.
    pub path: PathBuf,
    /// What the operating system said.
    #[source]
    pub source: io::Error,
}

/// Ends the servers of killed runs and removes their directories, in every run root.
///
/// # Errors
/// [`SweepError`] for the first directory that could not be removed; the others are removed.
pub fn sweep(chosen_root: Option<&Path>) -> Result<Vec<Swept>, SweepError> {
    let mut swept = Vec::new();
    let mut failed = None;
    for base in run_root::existing_bases(chosen_root) {
        for entry in fs::read_dir(&base).into_iter().flatten().flatten() {
            let path = entry.path();
            match sweep_one(&path) {
                Ok(true) => swept.push(Swept { path }),
                Ok(false) => {}
                Err(source) => {
                    failed.get_or_insert(SweepError { path, source });
                }
            }
        }
    }
    failed.map_or(Ok(swept), Err)
}

/// Whether the directory was abandoned and is gone now.
pub(crate) fn sweep_one(path: &Path) -> io::Result<bool> {
    if !run_dir::is_ours(path) {
        return Ok(remove_if_empty(path));
    }
    let mut locks = Vec::new();
    for name in ["keeper.lock", "start.lock", "users.lock"] {
        match File::open(path.join(name)) {
            Ok(file) if file.try_lock().is_ok() => locks.push(file),
            Ok(_) => return Ok(false),
            // A removal that was killed got this far.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    // While we waited for nobody, another sweep may have finished.
    if !run_dir::is_ours(path) {
        return Ok(false);
    }
    if keeper::clean(path)? && !path.exists() {
        return Ok(true);
    }
    Err(io::Error::other("the server in it does not end, or the directory cannot be removed"))
}

/// A run directory holds no more than empty lock files for an instant when it is made, and
/// nothing for an instant when it is removed.
fn remove_if_empty(path: &Path) -> bool {
    let age = fs::symlink_metadata(path).and_then(|dir| dir.modified()).map(|time| time.elapsed());
    if !matches!(age, Ok(Ok(age)) if age > Duration::from_mins(1)) {
        return false;
    }
    let Ok(entries) = fs::read_dir(path) else { return false };
    let entries: Vec<_> = entries.flatten().collect();
    let empty_lock = |entry: &fs::DirEntry| {
        let empty = entry.metadata().is_ok_and(|file| file.is_file() && file.len() == 0);
        empty && (entry.file_name() == "users.lock" || entry.file_name() == "start.lock")
    };
    entries.iter().all(empty_lock)
        && entries.iter().all(|entry| fs::remove_file(entry.path()).is_ok())
        && fs::remove_dir(path).is_ok()
}
