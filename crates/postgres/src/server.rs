//! A running private server.
//!
//! In: binaries and an image. Out: a [`Server`], which ends when it is dropped.
//!
//! **Invariant:** from the moment the server process exists there is a keeper that ends it if
//! this process cannot.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::keeper::Keeper;
use crate::postmaster::Postmaster;
use crate::run_dir::RunDir;
use crate::start::{StartError, launch, open_log};
use crate::{Account, Address, Cache, Image, ImageError, Installation, RunId, ServerOptions};

/// A PostgreSQL server that belongs to this process, or that it shares with others.
#[derive(Debug)]
pub struct Server {
    pub(crate) run: RunDir,
    pub(crate) installation: Installation,
    pub(crate) options: ServerOptions,
    pub(crate) address: Address,
    pub(crate) pid: i32,
    /// `None` for a shared server, which is ended by its keeper.
    pub(crate) owned: Option<Owned>,
}

/// What only the owner of a private server has.
#[derive(Debug)]
pub(crate) struct Owned {
    postmaster: Postmaster,
    keeper: Keeper,
    account: Account,
    /// Where they run from, which may be a copy.
    binaries: Installation,
}

/// Why a server could not be stopped properly.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The process did not end, not even when killed.
    #[error("the server process {pid} did not end")]
    StillRunning {
        /// Its number.
        pid: i32,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The run directory could not be removed.
    #[error("cannot remove {}", .path.display())]
    Remove {
        /// The run directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// Why no snapshot could be taken.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Others use the server.
    #[error("a shared server cannot be stopped for a snapshot")]
    Shared,
    /// The server did not stop.
    #[error(transparent)]
    Stop(#[from] StopError),
    /// The copy could not be stored.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The server did not start again.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Why the data directory could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Others use the server.
    #[error("a shared server cannot be stopped to save its data directory")]
    Shared,
    /// The place is taken.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The server did not stop.
    #[error(transparent)]
    Stop(#[from] StopError),
    /// The copy could not be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl Server {
    /// Starts a server of this process on a copy of `image`. Also removes what killed runs left.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running or lying about then.
    pub fn start(
        installation: &Installation,
        image: &Image,
        options: &ServerOptions,
    ) -> Result<Server, StartError> {
        // What is left behind by others is no reason not to start.
        let _ = crate::sweep(options.run_root.as_deref());
        let run = RunDir::create(options.run_root.as_deref())?;
        match Server::start_in(run, installation, image, options, 0) {
            Ok((run, owned)) => Ok(Server::new(run, installation, options, owned)),
            Err((run, error)) => {
                // The first error is the one to report; the next sweep tries again.
                let _ = run.remove();
                Err(error)
            }
        }
    }

    fn new(run: RunDir, binaries: &Installation, options: &ServerOptions, owned: Owned) -> Server {
        Server {
            address: run.site().address(),
            pid: owned.postmaster.pid(),
            run,
            installation: binaries.clone(),
            options: options.clone(),
            owned: Some(owned),
        }
    }

    pub(crate) fn start_in(
        run: RunDir,
        binaries: &Installation,
        image: &Image,
        options: &ServerOptions,
        linger_ms: u32,
    ) -> Result<(RunDir, Owned), (RunDir, StartError)> {
        match Owned::start(&run, binaries, image, options, linger_ms) {
            Ok(owned) => Ok((run, owned)),
            Err(error) => Err((run, error)),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The directory of this server while it runs.
    pub fn run_dir(&self) -> &Path {
        self.run.path()
    }

    /// The id of the run. A process started with `PROOFMARK_RUN=<run id>` in its environment is
    /// ended by the keeper if this process is killed.
    pub fn run_id(&self) -> &RunId {
        self.run.id()
    }

    /// A directory for the files of those who share the server; it goes when the server goes.
    pub fn shared_dir(&self) -> PathBuf {
        self.run.path().join("shared")
    }

    /// The number of the server process.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The binaries that it runs.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Whether other processes may use it too: then it ends with its last user.
    pub fn is_shared(&self) -> bool {
        self.owned.is_none()
    }

    /// Asks the keeper to save the data directory to `dir` if this process is killed, instead of
    /// removing it; `None` takes that back. `dir` must be absolute.
    ///
    /// # Errors
    /// When the request cannot be written to the run directory.
    pub fn keep_in(&self, dir: Option<&Path>) -> io::Result<()> {
        let file = self.run.path().join("keep");
        let Some(dir) = dir else {
            return match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        };
        let marker = Image::marker(self.installation.version());
        fs::write(self.run.path().join("keep.json"), marker)?;
        fs::write(file, dir.as_os_str().as_bytes())
    }

    /// Stops the server cleanly, copies its data directory into the cache as the image `key`,
    /// and starts it again at the same address. Connections are lost.
    ///
    /// # Errors
    /// [`SnapshotError`]; the server is then gone.
    pub fn snapshot(mut self, cache: &Cache, key: &str) -> Result<(Server, Image), SnapshotError> {
        let owned = self.owned.as_mut().ok_or(SnapshotError::Shared)?;
        owned.stop()?;
        let lock = cache.lock(key).map_err(ImageError::at(cache.root()))?;
        let version = self.installation.version();
        let image = Image::store(cache, key, &self.run.data(), version)?;
        drop(lock);
        let log = open_log(self.run.path(), &self.options)?;
        let site = self.run.site();
        owned.postmaster = launch(&site, &owned.binaries, owned.account, &self.options, &log)?;
        self.pid = owned.postmaster.pid();
        Ok((self, image))
    }

    /// Stops the server and keeps its data directory in `dir`, which must not exist, as an image
    /// that can be started again.
    ///
    /// # Errors
    /// [`SaveError`]; the server is gone in any case.
    pub fn save_to(mut self, dir: &Path) -> Result<Image, SaveError> {
        let owned = self.owned.as_mut().ok_or(SaveError::Shared)?;
        owned.stop()?;
        if dir.exists() {
            return Err(SaveError::Exists(dir.to_path_buf()));
        }
        let version = self.installation.version();
        let write = || {
            fs::create_dir_all(dir)?;
            Image::fill(dir, &self.run.data(), version)
        };
        write().map_err(|source| SaveError::Write { path: dir.to_path_buf(), source })?;
        let saved = Image::open(dir).ok_or_else(|| SaveError::Write {
            path: dir.to_path_buf(),
            source: io::Error::other("the copy is incomplete"),
        })?;
        self.end()?;
        Ok(saved)
    }

    /// Stops the server and removes its directory. A shared server only loses one user.
    ///
    /// # Errors
    /// [`StopError`] when the process or its directory is still there.
    pub fn stop(mut self) -> Result<(), StopError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), StopError> {
        let Some(mut owned) = self.owned.take() else { return Ok(()) };
        owned.stop()?;
        let path = self.run.path().to_path_buf();
        let removed = self.run.remove();
        self.run.leave();
        owned.keeper.dismiss();
        removed.map_err(|source| StopError::Remove { path, source })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to tell; the keeper and the next sweep finish what failed here.
        let _ = self.end();
    }
}

impl Owned {
    fn start(
        run: &RunDir,
        binaries: &Installation,
        image: &Image,
        options: &ServerOptions,
        linger_ms: u32,
    ) -> Result<Owned, StartError> {
        let (made_by, version) = (image.version(), binaries.version());
        if made_by.major != version.major {
            return Err(StartError::OtherMajor { image: made_by, server: version });
        }
        let (account, binaries) = run.settle(binaries, options.account)?;
        let log = open_log(run.path(), options)?;
        let keeper = log
            .try_clone()
            .and_then(|log| Keeper::spawn(run.path(), linger_ms, log))
            .map_err(|source| StartError::Spawn { program: "sh".into(), source })?;
        let data = run.data();
        image.copy_to(&data, account).map_err(StartError::writing(&data))?;
        let postmaster = launch(&run.site(), &binaries, account, options, &log)?;
        Ok(Owned { postmaster, keeper, account, binaries })
    }

    fn stop(&mut self) -> Result<(), StopError> {
        let pid = self.postmaster.pid();
        self.postmaster.stop().map_err(|source| StopError::StillRunning { pid, source })
    }

    pub(crate) fn pid(&self) -> i32 {
        self.postmaster.pid()
    }

    /// Leaves the server to its keeper.
    pub(crate) fn detach(self) {
        self.postmaster.detach();
    }
}
