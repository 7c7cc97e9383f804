//! Databases of failed tests, kept to be looked at.
//!
//! In: a lease whose test failed. Out: an entry in `<output>/kept/<run>/kept.json`, and beside it,
//! once the server has ended, its data directory as an image that can be started again.
//!
//! **Invariant**: only directories below `<output>/kept` are ever removed.

use std::io;
use std::path::{Path, PathBuf};

use proofmark_pool::Lease;
use serde::{Deserialize, Serialize};

use super::open::Bench;

/// How many runs with failed tests are kept.
const RUNS_KEPT: usize = 3;

/// One kept database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDatabase {
    /// Its real name.
    pub name: String,
    /// The name that the suite knows it by.
    pub of: String,
    /// The test that failed.
    pub test: String,
}

/// What one run kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRun {
    /// The run's name.
    pub run: String,
    /// The binaries of the server; `None` when the databases are on a server of the user's.
    pub bin_dir: Option<PathBuf>,
    /// The databases, in the order in which their tests failed.
    pub databases: Vec<KeptDatabase>,
    /// Where this is written down.
    #[serde(skip)]
    pub directory: PathBuf,
}

impl KeptRun {
    /// The data directory, once the run's server has ended.
    pub fn cluster(&self) -> PathBuf {
        self.directory.join("cluster")
    }
}

/// Everything kept below `output`, the newest run first.
///
/// # Errors
/// When a directory or an entry cannot be read.
pub fn kept(output: &Path) -> io::Result<Vec<KeptRun>> {
    let mut runs = Vec::new();
    for directory in directories(&output.join("kept"))?.into_iter().rev() {
        match std::fs::read(directory.join("kept.json")) {
            Ok(text) => runs.push(KeptRun { directory, ..serde_json::from_slice(&text)? }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(runs)
}

/// The runs' directories, the oldest first.
fn directories(kept: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(kept) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .filter(|path| path.as_ref().map_or(true, |path| path.is_dir()))
        .collect::<io::Result<_>>()?;
    paths.sort_by_cached_key(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok());
    Ok(paths)
}

impl Bench {
    /// Writes down that the database of `lease` is kept for `test`, and sees to it that its data
    /// outlives the server. Several processes may do so for one shared server.
    ///
    /// # Errors
    /// When the output directory cannot be written to.
    pub fn keep(&self, output: &Path, lease: &Lease, test: &str) -> io::Result<KeptRun> {
        let run = self.run_name().to_owned();
        let directory = std::path::absolute(output.join("kept").join(&run))?;
        std::fs::create_dir_all(&directory)?;
        let lock = std::fs::File::create(directory.join("lock"))?;
        lock.lock()?;
        let path = directory.join("kept.json");
        let mut noted = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => KeptRun {
                run,
                bin_dir: self.server().map(|server| server.installation().bin_dir().to_owned()),
                databases: Vec::new(),
                directory: PathBuf::new(),
            },
            Err(error) => return Err(error),
        };
        noted.directory.clone_from(&directory);
        noted.databases.push(KeptDatabase {
            name: lease.database.clone(),
            of: lease.of.clone(),
            test: test.to_owned(),
        });
        let partial = directory.join(format!("kept.json.{}.tmp", std::process::id()));
        std::fs::write(&partial, serde_json::to_vec_pretty(&noted)?)?;
        std::fs::rename(&partial, &path)?;
        if let Some(server) = self.server() {
            server.keep_in(Some(&noted.cluster()))?;
        }
        let all = directories(&output.join("kept"))?;
        for old in all.iter().rev().skip(RUNS_KEPT) {
            match std::fs::remove_dir_all(old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(noted)
    }
}
