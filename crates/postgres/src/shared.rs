//! One server for several processes.
//!
//! In: a key. Out: a [`Server`] that others with the same key share; the last one out ends it.
//!
//! **Invariant:** whoever starts, joins or removes a shared server holds its `start.lock`, and
//! has made sure that the locked file is still the one in the directory.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::handshake::{Knock, knock};
use crate::installation::hex;
use crate::run_dir::{self, RunDir};
use crate::server::Server;
use crate::start::StartError;
use crate::{Address, Image, Installation, RunDirError, RunId, ServerOptions};
use crate::{keeper, run_root, sweep};

const ANNOUNCEMENT: &str = "server.json";
/// How long a broken predecessor may take to go away.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Serialize, Deserialize)]
struct Announcement {
    address: Address,
    pid: i32,
}

impl Server {
    /// Joins the server that other processes of this user started under `key` on the same
    /// binaries, image and settings, or starts it. It ends `linger_ms` after its last user.
    ///
    /// Prefer it to [`Server::start`] where a test runner gives each test a process. Without
    /// flock(1) on the machine every process gets a server of its own.
    ///
    /// # Errors
    /// [`StartError`], as for [`Server::start`].
    pub fn join_or_start(
        key: &str,
        installation: &Installation,
        image: &Image,
        options: &ServerOptions,
    ) -> Result<Server, StartError> {
        if !keeper::has_flock() {
            return Server::start(installation, image, options);
        }
        let id = shared_id(key, installation, image, options);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let base = run_root::base(options.run_root.as_deref())?;
            let path = base.join(id.as_str());
            if let Some(start_lock) = enter(&path)? {
                if !run_dir::is_ours(&path) {
                    return found(path, id, installation, image, options);
                }
                if let Some(server) = join(&path, &id, installation, options)? {
                    return Ok(server);
                }
                drop(start_lock);
                // Broken: its keeper or, without one, this sweep removes it.
                let _ = sweep::sweep_one(&path);
            }
            if Instant::now() > deadline {
                return Err(StartError::SharedStuck { path });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Servers that differ in anything but the log are different servers.
fn shared_id(key: &str, binaries: &Installation, image: &Image, options: &ServerOptions) -> RunId {
    let mut hash = Sha256::new();
    hash.update(format!("{key:?} {} {}", binaries.fingerprint(), image.path().display()));
    let ServerOptions { profile, settings, max_connections, .. } = options;
    hash.update(format!("{profile:?} {settings:?} {max_connections}"));
    RunId::shared(&hex(&hash.finalize()[..6]))
}

/// Makes the directory if need be and takes its start lock; `None` when it was removed meanwhile.
fn enter(path: &Path) -> Result<Option<File>, StartError> {
    let file_error = |source| RunDirError::File { path: path.to_path_buf(), source };
    match run_root::make_open_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(file_error(error).into());
        }
        _ => {}
    }
    let lock_path = path.join("start.lock");
    let lock = match run_dir::lock_file(&lock_path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(file_error)?,
    };
    lock.lock().map_err(file_error)?;
    let held = lock.metadata().map_err(file_error)?;
    let there = fs::metadata(&lock_path);
    let same = there.is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino()));
    Ok(same.then_some(lock))
}

/// Uses the announced server if it answers; `None` when it does not.
fn join(
    path: &Path,
    id: &RunId,
    binaries: &Installation,
    options: &ServerOptions,
) -> Result<Option<Server>, StartError> {
    let Ok(text) = fs::read_to_string(path.join(ANNOUNCEMENT)) else { return Ok(None) };
    let Ok(announced) = serde_json::from_str::<Announcement>(&text) else { return Ok(None) };
    let run = RunDir::join(path.to_path_buf(), id.clone())
        .map_err(|source| RunDirError::File { path: path.to_path_buf(), source })?;
    if knock(&announced.address.socket(), &announced.address.user) == Knock::NotYet {
        return Ok(None);
    }
    Ok(Some(Server {
        run,
        installation: binaries.clone(),
        options: options.clone(),
        address: announced.address,
        pid: announced.pid,
        owned: None,
    }))
}

/// Starts the server in a directory that was just made; the caller holds the start lock.
fn found(
    path: PathBuf,
    id: RunId,
    binaries: &Installation,
    image: &Image,
    options: &ServerOptions,
) -> Result<Server, StartError> {
    let run = RunDir::fill(path, id)?;
    match Server::start_in(run, binaries, image, options, options.linger_ms) {
        Ok((run, owned)) => {
            let announced = Announcement { address: run.site().address(), pid: owned.pid() };
            let file = run.path().join(ANNOUNCEMENT);
            let text = serde_json::to_string(&announced).expect("text and numbers serialize");
            let unfinished = run.path().join("server.json.new");
            fs::write(&unfinished, text)
                .and_then(|()| fs::rename(&unfinished, &file))
                .map_err(StartError::writing(&file))?;
            owned.detach();
            let Announcement { address, pid } = announced;
            let (installation, options) = (binaries.clone(), options.clone());
            Ok(Server { run, installation, options, address, pid, owned: None })
        }
        Err((run, error)) => {
            // The first error is the one to report; the next sweep tries again.
            let _ = run.remove();
            Err(error)
        }
    }
}
