//! The directory of one server while it runs, and the locks that say who uses it.
//!
//! In: a base directory. Out: a [`RunDir`], held by a shared lock on `users.lock` for as long as
//! the value lives.
//!
//! | file | meaning |
//! |---|---|
//! | `proofmark-run` | the marker: written once the lock is held, removed last |
//! | `users.lock` | shared lock: a process uses the server; exclusive: it is being removed |
//! | `start.lock` | exclusive lock: someone starts, joins or removes the server |
//! | `keeper.lock` | exclusive lock: the keeper lives |
//! | `data/`, `socket/`, `server.log` | PostgreSQL's own |
//! | `shared/` | for the files of those who share the server |
//! | `server.json` | the address of a shared server, once it answers |
//! | `keep`, `keep.json` | where to keep the data directory instead of removing it |
//!
//! Locks are those of flock(2): they belong to the open file, so that the end of a process, for
//! whatever reason, releases them.
//!
//! **Invariant:** a directory without the marker is never removed, unless it holds nothing
//! but empty lock files.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::start::Site;
use crate::{Account, AccountError, Installation, run_root};

pub(crate) const MARKER: &str = "proofmark-run";
const MARKER_TEXT: &str = "a run directory of proofmark, format 1\n";

/// Names one run directory; unique on the machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunId(String);

impl RunId {
    fn new() -> RunId {
        let mut hasher = std::hash::RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        RunId(format!("{:012x}", hasher.finish() & 0xffff_ffff_ffff))
    }

    pub(crate) fn shared(hash: &str) -> RunId {
        RunId(format!("shared-{hash}"))
    }

    /// The text, which is the name of the directory.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why no run directory could be made.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// Nothing can be made in the run root.
    #[error("cannot make a directory in {}", .root.display())]
    Root {
        /// The run root.
        root: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The base exists and is not safe to use.
    #[error("{} {reason}", .base.display())]
    NotOurs {
        /// The base directory.
        base: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file in the run directory could not be made, locked or removed.
    #[error("cannot use {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The name of the socket would be too long for the operating system.
    #[error("{} is too long for the name of a socket", .socket_dir.display())]
    TooLong {
        /// The directory of the socket.
        socket_dir: PathBuf,
    },
}

impl RunDirError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            RunDirError::NotOurs { base, .. } => {
                format!("remove {} or set PROOFMARK_RUN_ROOT to another directory", base.display())
            }
            RunDirError::TooLong { .. } => {
                "set PROOFMARK_RUN_ROOT to a directory with a shorter name".to_owned()
            }
            RunDirError::Root { .. } | RunDirError::File { .. } => {
                "set PROOFMARK_RUN_ROOT to a directory where you may write and that has room"
                    .to_owned()
            }
        }
    }
}

/// A run directory in use by this process.
#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
    id: RunId,
    users: File,
}

impl RunDir {
    /// A new directory for a server of one process.
    pub(crate) fn create(chosen_root: Option<&Path>) -> Result<RunDir, RunDirError> {
        // The base may vanish in between: whoever removes the last run directory removes it too.
        for _ in 0..100 {
            let base = run_root::base(chosen_root)?;
            let id = RunId::new();
            let path = base.join(id.as_str());
            match run_root::make_open_dir(&path) {
                Ok(()) => return RunDir::fill(path, id),
                Err(error) if retry(&error) => {}
                Err(source) => return Err(RunDirError::Root { root: base, source }),
            }
        }
        let root = run_root::run_root(chosen_root);
        Err(RunDirError::Root { root, source: io::ErrorKind::ResourceBusy.into() })
    }

    /// Takes the shared lock, then writes the marker: from then on others may judge this
    /// directory by its locks.
    pub(crate) fn fill(path: PathBuf, id: RunId) -> Result<RunDir, RunDirError> {
        let socket_dir = path.join("socket");
        if !crate::address::socket_fits(&socket_dir) {
            let _ = fs::remove_dir(&path);
            return Err(RunDirError::TooLong { socket_dir });
        }
        let at = |file: &str| {
            let path = path.join(file);
            move |source| RunDirError::File { path, source }
        };
        let users = lock_file(&path.join("users.lock")).map_err(at("users.lock"))?;
        users.lock_shared().map_err(at("users.lock"))?;
        fs::write(path.join(MARKER), MARKER_TEXT).map_err(at(MARKER))?;
        lock_file(&path.join("start.lock")).map_err(at("start.lock"))?;
        lock_file(&path.join("keeper.lock")).map_err(at("keeper.lock"))?;
        fs::DirBuilder::new().mode(0o700).create(path.join("shared")).map_err(at("shared"))?;
        Ok(RunDir { path, id, users })
    }

    /// Becomes a user of a directory that another process made.
    pub(crate) fn join(path: PathBuf, id: RunId) -> io::Result<RunDir> {
        let users = lock_file(&path.join("users.lock"))?;
        users.lock_shared()?;
        Ok(RunDir { path, id, users })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn id(&self) -> &RunId {
        &self.id
    }

    pub(crate) fn site(&self) -> Site {
        Site::in_dir(&self.path)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.site().data
    }

    /// An account that works here, and the binaries that it can reach.
    pub(crate) fn settle(
        &self,
        binaries: &Installation,
        forced: Option<Account>,
    ) -> Result<(Account, Installation), AccountError> {
        let base = self.path.parent().unwrap_or(Path::new("/"));
        Account::settle(binaries, base, &self.path.join("programs"), forced)
    }

    /// Says that this process uses the server no more, although the value still lives.
    pub(crate) fn leave(&self) {
        // Cannot fail for a lock of our own; if it did, the end of the value releases it.
        let _ = self.users.unlock();
    }

    /// Removes the directory and, when it was the last, the base.
    pub(crate) fn remove(&self) -> io::Result<()> {
        remove(&self.path)
    }
}

fn retry(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound)
}

pub(crate) fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)
}

/// Whether this is a run directory of this user: a real directory with the marker inside.
pub(crate) fn is_ours(path: &Path) -> bool {
    let own = |metadata: &fs::Metadata| metadata.uid() == nix::unistd::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|dir| dir.is_dir() && own(&dir))
        && fs::symlink_metadata(path.join(MARKER)).is_ok_and(|file| file.is_file() && own(&file))
        && fs::read_to_string(path.join(MARKER)).is_ok_and(|text| text == MARKER_TEXT)
}

/// Renames first, so that nobody joins a directory that is half gone; the marker goes last, so
/// that a killed removal can be finished by the next sweep.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    if !is_ours(path) {
        return Err(io::Error::other("not a run directory of proofmark"));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".gone.{}", std::process::id()));
    let gone = path.with_file_name(name);
    fs::rename(path, &gone)?;
    for entry in fs::read_dir(&gone)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else if entry.file_name() != MARKER {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_file(gone.join(MARKER))?;
    fs::remove_dir(&gone)?;
    if let Some(base) = path.parent() {
        // Fails, as it should, while other runs have their directories here.
        let _ = fs::remove_dir(base);
    }
    Ok(())
}
