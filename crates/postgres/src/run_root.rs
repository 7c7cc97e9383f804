//! Where run directories are made.
//!
//! In: the user's choice, if any. Out: the base directory `<run root>/proofmark-<uid>`.
//!
//! **Invariant:** the base belongs to the user and nobody else can write in it, although the run
//! root may be open to everyone.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access, geteuid};

use crate::room;
use crate::run_dir::RunDirError;

/// Memory is used when it has at least this much room; a server with a few hundred small
/// databases needs less, and a container engine's default of 64 MiB is too small for any.
const MEMORY_NEEDED_BYTES: u64 = 512 << 20;

/// The run root: the caller's choice, else `PROOFMARK_RUN_ROOT`, else memory with enough room,
/// else the temporary directory.
pub(crate) fn run_root(chosen: Option<&Path>) -> PathBuf {
    if let Some(chosen) = chosen {
        return chosen.to_path_buf();
    }
    if let Some(set) = std::env::var_os("PROOFMARK_RUN_ROOT").filter(|value| !value.is_empty()) {
        return set.into();
    }
    let memory = Path::new("/dev/shm");
    let usable = room::is_memory(memory)
        && room::free_bytes(memory).is_some_and(|free| free >= MEMORY_NEEDED_BYTES)
        && access(memory, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
    if usable { memory.to_path_buf() } else { std::env::temp_dir() }
}

/// Every base that exists on this machine: a run may have been started with other settings.
pub(crate) fn existing_bases(chosen: Option<&Path>) -> Vec<PathBuf> {
    let mut roots = vec![run_root(chosen), PathBuf::from("/dev/shm"), std::env::temp_dir()];
    roots.sort_unstable();
    roots.dedup();
    let bases = roots.into_iter().map(|root| base_in(&root));
    bases.filter(|base| check(base).is_ok()).collect()
}

fn base_in(root: &Path) -> PathBuf {
    root.join(format!("proofmark-{}", geteuid()))
}

/// Makes a directory for our own use. Root lets others pass through, whatever its umask, because
/// the server runs under another account; what that must not see is closed further inside.
pub(crate) fn make_open_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)?;
    if geteuid().is_root() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o711))?;
    }
    Ok(())
}

/// Makes the base if need be.
pub(crate) fn base(chosen: Option<&Path>) -> Result<PathBuf, RunDirError> {
    let root = std::path::absolute(run_root(chosen))
        .map_err(|source| RunDirError::Root { root: run_root(chosen), source })?;
    let base = base_in(&root);
    match make_open_dir(&base) {
        Ok(()) => Ok(base),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match check(&base) {
            Ok(()) => Ok(base),
            Err(reason) => Err(RunDirError::NotOurs { base, reason }),
        },
        Err(source) => Err(RunDirError::Root { root, source }),
    }
}

/// Anyone can make a directory of this name in a shared place before we do.
fn check(base: &Path) -> Result<(), String> {
    let metadata = fs::symlink_metadata(base).map_err(|error| error.to_string())?;
    if !metadata.is_dir() {
        return Err("is not a directory".to_owned());
    }
    if metadata.uid() != geteuid().as_raw() {
        return Err(format!("belongs to user {}", metadata.uid()));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("can be written by other users".to_owned());
    }
    Ok(())
}
