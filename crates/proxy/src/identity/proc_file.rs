//! Reads files of `/proc`.
//!
//! **Invariant**: a file is read in as few calls as it takes. Such files have no length to go by,
//! and the kernel writes them anew for every call.

use std::fs::File;
use std::io::Read;

/// Most of these files fit; a longer one takes more calls.
const LENGTH: usize = 8 * 1024;

/// The file's contents, unless it is not there or not ours to read.
pub(super) fn read(path: &str) -> Option<Vec<u8>> {
    let mut contents = Vec::with_capacity(LENGTH);
    File::open(path).ok()?.read_to_end(&mut contents).ok()?;
    Some(contents)
}
