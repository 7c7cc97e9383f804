//! Stopped data directories, ready to be copied.
//!
//! In: a cache and a key. Out: an [`Image`]: a directory with `data/` and the marker
//! `image.json`.
//!
//! **Invariant:** an image is complete or absent: it is built under another name and the marker
//! is written last. It is never changed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::copy::copy_tree;
use crate::{Account, Cache, Version};

/// Raised when the meaning of a stored image changes; part of every key.
pub(crate) const FORMAT: u32 = 1;
const MARKER: &str = "image.json";
/// An empty server takes 30 MB, so this is room for a handful of versions and schemas.
const KEEP_IMAGES: usize = 12;
const KEEP_BYTES: u64 = 2 << 30;

/// A stopped data directory that is only ever copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    path: PathBuf,
    version: Version,
}

/// Why an image could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The cache cannot be used.
    #[error("cannot use the cache at {}", .path.display())]
    Cache {
        /// The file or directory in question.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The file system is full.
    #[error("no space left where {} is", .path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// No directory for initdb to work in.
    #[error(transparent)]
    RunDir(#[from] crate::RunDirError),
    /// No account for initdb to run under.
    #[error(transparent)]
    Account(#[from] crate::AccountError),
    /// initdb could not be started.
    #[error("initdb could not be started")]
    Spawn(#[source] io::Error),
    /// initdb failed.
    #[error("initdb failed: {message}")]
    Initdb {
        /// The last lines that it printed.
        message: String,
    },
}

impl ImageError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            ImageError::Cache { .. } => {
                "set PROOFMARK_CACHE to a directory where you may write".to_owned()
            }
            ImageError::DiskFull { path } => format!(
                "free some space there ({}), or set PROOFMARK_RUN_ROOT and PROOFMARK_CACHE to \
                 directories with room",
                path.display()
            ),
            ImageError::RunDir(error) => error.help(),
            ImageError::Account(error) => error.help(),
            ImageError::Spawn(_) | ImageError::Initdb { .. } => {
                "try another PostgreSQL: set PROOFMARK_POSTGRES_BIN to its directory of programs"
                    .to_owned()
            }
        }
    }

    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> ImageError {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ImageError::DiskFull { path }
            }
            _ => ImageError::Cache { path, source },
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Marker {
    format: u32,
    version: Version,
}

impl Image {
    /// The image stored under `key`, if there is one; it then counts as used just now.
    pub fn at(cache: &Cache, key: &str) -> Option<Image> {
        let image = Image::open(&cache.images().join(key))?;
        // The time of last use orders the cache; in a read-only cache nothing is ever removed.
        if let Ok(marker) = File::options().append(true).open(image.path.join(MARKER)) {
            let _ = marker.set_modified(SystemTime::now());
        }
        Some(image)
    }

    /// The image in a directory, such as one saved by [`crate::Server::save_to`].
    pub fn open(path: &Path) -> Option<Image> {
        let text = fs::read_to_string(path.join(MARKER)).ok()?;
        let marker: Marker = serde_json::from_str(&text).ok()?;
        let complete = marker.format == FORMAT && path.join("data").is_dir();
        complete.then(|| Image { path: path.to_path_buf(), version: marker.version })
    }

    /// The directory of the image.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The version of the server that made it; only the same major version can run it.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Copies the data directory; the image cannot be removed meanwhile.
    pub(crate) fn copy_to(&self, data: &Path, owner: Account) -> io::Result<()> {
        let marker = File::open(self.path.join(MARKER))?;
        marker.lock_shared()?;
        copy_tree(&self.path.join("data"), data, owner)
    }

    /// Copies a stopped data directory into the cache, unless it has an image of this key
    /// already. The caller holds the lock of `key`.
    pub(crate) fn store(
        cache: &Cache,
        key: &str,
        data: &Path,
        version: Version,
    ) -> Result<Image, ImageError> {
        if let Some(image) = Image::at(cache, key) {
            return Ok(image);
        }
        let images = cache.images();
        fs::create_dir_all(&images).map_err(ImageError::at(&images))?;
        let unfinished = tempfile::Builder::new().prefix(".new-").tempdir_in(&images);
        let unfinished = unfinished.map_err(ImageError::at(&images))?;
        Image::fill(unfinished.path(), data, version).map_err(ImageError::at(unfinished.path()))?;
        let path = images.join(key);
        if path.exists() {
            discard(&path).map_err(ImageError::at(&path))?;
        }
        fs::rename(unfinished.keep(), &path).map_err(ImageError::at(&path))?;
        remove_oldest(&images, &path);
        Ok(Image { path, version })
    }

    /// Makes `dir`, which exists, an image of a stopped data directory.
    pub(crate) fn fill(dir: &Path, data: &Path, version: Version) -> io::Result<()> {
        copy_tree(data, &dir.join("data"), Account::Own)?;
        fs::write(dir.join(MARKER), Image::marker(version))
    }

    /// The text of the marker.
    pub(crate) fn marker(version: Version) -> String {
        serde_json::to_string(&Marker { format: FORMAT, version }).expect("numbers serialize")
    }
}

/// Renames before removing, so that an image is never half there.
fn discard(image: &Path) -> io::Result<()> {
    let doomed = tempfile::Builder::new()
        .prefix(".old-")
        .tempdir_in(image.parent().unwrap_or(Path::new("/")))?;
    fs::rename(image, doomed.path().join("image"))?;
    doomed.close()
}

/// Keeps the cache small: the images that were not used for longest go, unless someone copies
/// them right now. `newest` stays. Failures are left to the next time.
fn remove_oldest(images: &Path, newest: &Path) {
    let mut all: Vec<(SystemTime, PathBuf)> = fs::read_dir(images)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path != newest)
        .filter_map(|path| {
            let marker = path.join(MARKER).metadata().ok();
            let used = marker.or_else(|| path.metadata().ok())?.modified().ok()?;
            Some((used, path))
        })
        .collect();
    all.sort_unstable();
    all.reverse();
    let mut bytes = size_bytes(newest);
    for (rank, (used, path)) in all.iter().enumerate() {
        bytes += size_bytes(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let age = used.elapsed().unwrap_or_default();
        // Unfinished ones belong to a process that may still be at work.
        let abandoned = name.starts_with('.') && age.as_secs() > 3600;
        let over = !name.starts_with('.') && (rank + 1 >= KEEP_IMAGES || bytes > KEEP_BYTES);
        let unused = over.then(|| lock_unused(path)).flatten();
        if abandoned || unused.is_some() {
            let _ = discard(path);
        }
    }
}

/// The lock that a copy would hold, if nobody holds it.
fn lock_unused(image: &Path) -> Option<File> {
    File::open(image.join(MARKER)).ok().filter(|marker| marker.try_lock().is_ok())
}

fn size_bytes(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => size_bytes(&entry.path()),
            _ => entry.metadata().map_or(0, |metadata| metadata.len()),
        })
        .sum()
}
