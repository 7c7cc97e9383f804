//! Copies a data directory file by file.
//!
//! In: a stopped data directory and the account that is to own the copy. Out: the copy.
//!
//! **Invariant:** the copy carries no trace of a running server: `postmaster.pid` and
//! `postmaster.opts` stay behind.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::Account;

/// Copies the directory `from` to `to`, which must not exist.
///
/// `std::fs::copy` clones blocks or copies inside the kernel where the file system can.
pub(crate) fn copy_tree(from: &Path, to: &Path, owner: Account) -> io::Result<()> {
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
            copy_tree(&source, &target, owner)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
            owner.own(&target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
            owner.own(&target)?;
        }
    }
    Ok(())
}
