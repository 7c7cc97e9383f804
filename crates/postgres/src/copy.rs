//! Copies a data directory file by file.
//!
//! In: a stopped data directory and the account that is to own the copy. Out: the copy.
//!
//! **Invariant:** the copy carries no trace of a running server: `postmaster.pid` and
//! `postmaster.opts` stay behind.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::Account;

/// More threads than this only wait for each other in the file system.
const THREADS_MAX: usize = 4;

/// A file to copy, and where to.
type Pair = (PathBuf, PathBuf);

/// Copies the directory `from` to `to`, which must not exist.
///
/// `std::fs::copy` clones blocks or copies inside the kernel where the file system can. A data
/// directory is many small files, so the processors share the work.
pub(crate) fn copy_tree(from: &Path, to: &Path, owner: Account) -> io::Result<()> {
    let mut files = Vec::new();
    make_directories(from, to, owner, &mut files)?;
    let next = AtomicUsize::new(0);
    let copy_some = || -> io::Result<()> {
        while let Some((source, target)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            fs::copy(source, target)?;
            owner.own(target)?;
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(copy_some)).collect();
        let copied = copy_some();
        others.into_iter().fold(copied, |result, other| {
            result.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    })
}

/// Makes the directories and symbolic links of `from` below `to`, and lists its files.
fn make_directories(
    from: &Path,
    to: &Path,
    owner: Account,
    files: &mut Vec<Pair>,
) -> io::Result<()> {
    owner.make_private_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "postmaster.pid" || name == "postmaster.opts" {
            continue;
        }
        let (source, target) = (entry.path(), to.join(&name));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            make_directories(&source, &target, owner, files)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
            owner.own(&target)?;
        } else if kind.is_file() {
            files.push((source, target));
        }
    }
    Ok(())
}
