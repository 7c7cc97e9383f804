//! A server that keeps its data.
//!
//! In: a directory. Out: a [`Store`]: the same data at every start, whatever became of the process
//! that had it before.
//!
//! | file | meaning |
//! |---|---|
//! | `proofmark-store` | the marker: this directory is a store |
//! | `store.lock` | locked by the process that uses the store, whose number it holds |
//! | `data/`, `socket/`, `server.log` | PostgreSQL's own; `data.new/` is one that is being made |
//! | `programs/` | a copy of the binaries, where the server's account cannot reach the original |
//!
//! **Invariant:** one process at a time has a store, and its server is the only one on the data.
//! What is in `data/` is never removed here.

mod former;
mod guard;

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use self::guard::Guard;
use crate::postmaster::Postmaster;
use crate::run_dir::lock_file;
use crate::server::StopError;
use crate::start::{Site, launch, open_log};
use crate::{
    Account, AccountError, Address, FindError, ImageError, Installation, Profile, Search,
    ServerOptions, StartError, address, find, initdb, run_root,
};

const MARKER: &str = "proofmark-store";
const MARKER_TEXT: &str = "a store of proofmark, format 1\n";
const LOCK: &str = "store.lock";
/// A log that has grown beyond this is set aside at the next start.
const LOG_BYTES: u64 = 16 << 20;

/// Checksums find what a disk has forgotten; everything is synced.
const FLAGS: &[&str] =
    &["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-instructions"];

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Where binaries are looked for. A store that exists asks for its own major version.
    pub search: Search,
    /// PostgreSQL settings, by name; they win over the ones chosen here.
    pub settings: Vec<(String, String)>,
    /// How many connections the server takes.
    pub max_connections: u32,
    /// How long the server may take until it answers, recovery included, in milliseconds.
    pub start_timeout_ms: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions {
            search: Search::new(),
            settings: Vec::new(),
            max_connections: 100,
            start_timeout_ms: 600_000,
        }
    }
}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or directory of the store cannot be used.
    #[error("cannot use {}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Another process has it.
    #[error("{} is in use by another process{}", .dir.display(), numbered(*.pid))]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// The number of the process, as far as it is known.
        pid: Option<i32>,
    },
    /// The directory holds something else.
    #[error("{} is not empty and not a store", .dir.display())]
    Foreign {
        /// The directory.
        dir: PathBuf,
    },
    /// The name of the socket would be too long for the operating system.
    #[error("{} is too long for the name of a socket", .socket_dir.display())]
    TooLong {
        /// The directory of the socket.
        socket_dir: PathBuf,
    },
    /// The data directory does not say which version it is of.
    #[error("{} does not name a major version of PostgreSQL", .path.display())]
    NoVersion {
        /// The file that should.
        path: PathBuf,
    },
    /// The server of a killed process does not end.
    #[error("the server {pid} of an earlier run in {} does not end", .dir.display())]
    Former {
        /// The directory.
        dir: PathBuf,
        /// The number of one of its processes.
        pid: i32,
    },
    /// No binaries.
    #[error(transparent)]
    Find(#[from] FindError),
    /// No account to run under.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The data directory could not be made.
    #[error(transparent)]
    Make(#[from] ImageError),
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
}

fn numbered(pid: Option<i32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" ({pid})"))
}

impl StoreError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            StoreError::File { .. } => {
                "choose a directory where you may write, with room".to_owned()
            }
            StoreError::InUse { .. } => {
                "end the other process, or choose another directory".to_owned()
            }
            StoreError::Foreign { .. } => "choose a new or an empty directory".to_owned(),
            StoreError::TooLong { .. } => "choose a directory with a shorter name".to_owned(),
            StoreError::NoVersion { .. } => {
                "restore the directory from a backup, or choose another one".to_owned()
            }
            StoreError::Former { pid, .. } => format!("end the process {pid} and try again"),
            StoreError::Find(error) => error.help(),
            StoreError::Account(error) => format!(
                "{}; the directory must be one that the server's account can reach",
                error.help()
            ),
            StoreError::Make(error) => error.help(),
            StoreError::Start(error) => error.help(),
        }
    }

    fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_path_buf();
        move |source| StoreError::File { path, source }
    }
}

/// A running server on data that it keeps.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    installation: Installation,
    address: Address,
    pid: i32,
    /// `None` once it was stopped.
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    postmaster: Postmaster,
    guard: Guard,
    /// Released last, by the end of the value.
    _lock: File,
}

impl Store {
    /// Starts a server on the data in `dir`, which is made at the first time.
    ///
    /// A server that a killed process left there is ended first, and what it had answered is
    /// recovered. Blocks until the server answers.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is left running then. [`StoreError::InUse`]: another process has it.
    pub fn open(dir: &Path, options: &StoreOptions) -> Result<Store, StoreError> {
        let dir = enter(dir)?;
        let lock = lock(&dir)?;
        let site = Site::in_dir(&dir);
        if !address::socket_fits(&site.socket_dir) {
            return Err(StoreError::TooLong { socket_dir: site.socket_dir });
        }
        former::end(&site)?;
        let mut search = options.search.clone();
        search.major = major_of(&site.data)?.or(search.major);
        let found = find(&search)?.installation;
        let owner = Account::owner_of(&site.data);
        let (account, binaries) = Account::settle(&found, &dir, &dir.join("programs"), owner)?;
        if !site.data.exists() {
            make(&dir, &site.data, &binaries, account)?;
        }
        let options = ServerOptions {
            profile: Profile::Durable,
            settings: options.settings.clone(),
            max_connections: options.max_connections,
            start_timeout_ms: options.start_timeout_ms,
            ..ServerOptions::default()
        };
        set_log_aside(&dir).map_err(StoreError::at(&dir))?;
        let log = open_log(&dir, &options)?;
        let postmaster = launch(&site, &binaries, account, &options, &log)?;
        let guard = Guard::spawn(postmaster.pid(), &site.data, log);
        let guard = guard.map_err(|source| StartError::Spawn { program: "sh".into(), source });
        let pid = postmaster.pid();
        let mut store =
            Store { dir, installation: found, address: site.address(), pid, running: None };
        match guard {
            Ok(guard) => store.running = Some(Running { postmaster, guard, _lock: lock }),
            Err(error) => {
                let mut postmaster = postmaster;
                // The first error is the one to report.
                let _ = postmaster.stop();
                return Err(error.into());
            }
        }
        Ok(store)
    }

    /// Where the server of a store listens while another process has it.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn address_in(dir: &Path) -> io::Result<Address> {
        Ok(Site::in_dir(&dir.canonicalize()?).address())
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The number of the server process.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The binaries that it runs.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Stops the server; its data stays.
    ///
    /// # Errors
    /// [`StopError::StillRunning`].
    pub fn stop(mut self) -> Result<(), StopError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), StopError> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        let stopped = running.postmaster.stop();
        running.guard.dismiss();
        stopped.map_err(|source| StopError::StillRunning { pid: self.pid, source })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Nobody is left to tell; the next start ends what is left.
        let _ = self.end();
    }
}

/// Makes the directory if need be, and gives its one true name, by which a server is known again.
fn enter(dir: &Path) -> Result<PathBuf, StoreError> {
    let at = || StoreError::at(dir);
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(at())?;
    }
    match run_root::make_open_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at()(error)),
        _ => {}
    }
    let dir = dir.canonicalize().map_err(at())?;
    let marker = dir.join(MARKER);
    if fs::read_to_string(&marker).is_ok_and(|text| text == MARKER_TEXT) {
        return Ok(dir);
    }
    for entry in fs::read_dir(&dir).map_err(at())? {
        let name = entry.map_err(at())?.file_name();
        // Another process may be just as far as this one.
        if name != LOCK && name != MARKER {
            return Err(StoreError::Foreign { dir });
        }
    }
    fs::write(&marker, MARKER_TEXT).map_err(StoreError::at(&marker))?;
    Ok(dir)
}

/// Takes the lock for this process, or names the one that has it.
fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(LOCK);
    let mut file = lock_file(&path).map_err(StoreError::at(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let mut text = String::new();
            let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(StoreError::InUse { dir: dir.to_path_buf(), pid });
        }
        Err(fs::TryLockError::Error(source)) => return Err(StoreError::File { path, source }),
    }
    let number = format!("{}\n", std::process::id());
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(number.as_bytes()))
        .map_err(StoreError::at(&path))?;
    Ok(file)
}

/// The major version of a data directory; none when there is no data yet.
fn major_of(data: &Path) -> Result<Option<u16>, StoreError> {
    let path = data.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| StoreError::NoVersion { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !data.exists() => Ok(None),
        Err(source) => Err(StoreError::File { path, source }),
    }
}

/// Makes the data under another name first, so that a killed beginning is not taken for a store.
fn make(
    dir: &Path,
    data: &Path,
    binaries: &Installation,
    account: Account,
) -> Result<(), StoreError> {
    let unfinished = dir.join("data.new");
    initdb::fill(binaries, account, &unfinished, FLAGS, true)?;
    fs::rename(&unfinished, data)
        .and_then(|()| File::open(dir)?.sync_all())
        .map_err(StoreError::at(data))
}

fn set_log_aside(dir: &Path) -> io::Result<()> {
    let log = dir.join("server.log");
    match log.metadata() {
        Ok(metadata) if metadata.len() > LOG_BYTES => fs::rename(&log, dir.join("server.log.old")),
        _ => Ok(()),
    }
}
