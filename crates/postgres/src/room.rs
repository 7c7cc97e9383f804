//! What kind of file system a directory is on, and how much fits.
//!
//! In: a path. Out: whether it is memory, and its free bytes.
//!
//! **Invariant:** only asks; an unknown file system counts as an ordinary disk.

use std::path::Path;

/// Free bytes for an ordinary user; `None` when the path cannot be asked about.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let stat = nix::sys::statvfs::statvfs(path).ok()?;
    // The types differ between platforms.
    #[allow(clippy::useless_conversion, reason = "u32 on macOS, u64 on Linux")]
    let (blocks, size) = (u64::from(stat.blocks_available()), u64::from(stat.fragment_size()));
    blocks.checked_mul(size)
}

/// Whether the directory lives in memory.
#[cfg(target_os = "linux")]
pub(crate) fn is_memory(path: &Path) -> bool {
    use nix::sys::statfs::{TMPFS_MAGIC, statfs};
    statfs(path).is_ok_and(|stat| stat.filesystem_type() == TMPFS_MAGIC)
}

/// Whether the directory lives in memory.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_memory(_path: &Path) -> bool {
    false
}
