//! Opens what was fetched.
//!
//! In: a gzipped tar archive. Out: its files in a directory.
//!
//! **Invariant:** nothing is written outside of the directory (the `tar` crate sees to it).

use std::fs;
use std::path::{Path, PathBuf};

use super::FetchError;

pub(super) fn tar_gz(archive: &Path, dir: &Path) -> Result<(), FetchError> {
    let bytes = fs::read(archive).map_err(FetchError::writing(archive))?;
    tar_gz_bytes(&bytes, dir)
}

pub(super) fn tar_gz_bytes(bytes: &[u8], dir: &Path) -> Result<(), FetchError> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    archive.unpack(dir).map_err(FetchError::writing(dir))
}

/// The first file or directory, at most `depth` levels down, that is what one looks for.
pub(super) fn find(dir: &Path, depth: usize, wanted: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    if wanted(dir) {
        return Some(dir.to_path_buf());
    }
    let entries = fs::read_dir(dir).ok().filter(|_| depth > 0)?;
    entries.flatten().find_map(|entry| find(&entry.path(), depth - 1, wanted))
}
