//! Where things are kept between runs: fetched servers and data directories ready to copy.
//!
//! In: the environment or a path. Out: a [`Cache`], the folders inside it, and named locks.
//!
//! **Invariant:** everything in the cache can be deleted at any time; a run then takes longer.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The folder that outlives a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The user's cache: `PROOFMARK_CACHE`, else `proofmark` in the platform's cache directory
    /// (on Linux `XDG_CACHE_HOME` or `~/.cache`), else a folder in the temporary directory.
    pub fn user() -> Cache {
        let set = std::env::var_os("PROOFMARK_CACHE").filter(|value| !value.is_empty());
        if let Some(root) = set {
            return Cache::at(root);
        }
        Cache::at(match directories::BaseDirs::new() {
            Some(dirs) => dirs.cache_dir().join("proofmark"),
            None => {
                std::env::temp_dir().join(format!("proofmark-cache-{}", nix::unistd::geteuid()))
            }
        })
    }

    /// A cache in a folder of the caller's choice; it is made when first needed.
    pub fn at(root: impl Into<PathBuf>) -> Cache {
        Cache { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    pub(crate) fn servers(&self) -> PathBuf {
        self.root.join("servers")
    }

    /// Waits for the lock `name`, which one process holds at a time until the file is dropped.
    pub(crate) fn lock(&self, name: &str) -> io::Result<File> {
        let dir = self.root.join("locks");
        fs::create_dir_all(&dir)?;
        let path = dir.join(format!("{name}.lock"));
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        file.lock()?;
        Ok(file)
    }
}
