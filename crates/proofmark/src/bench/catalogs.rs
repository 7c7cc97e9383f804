//! Catalogs of templates, kept beside the images that hold them.
//!
//! In: a template's key. Out: its [`Catalog`] without a connection, where it was read before.
//!
//! **Invariant**: a file here is only ever a shortcut: when it is missing or cannot be read, the
//! catalog is read from a copy of the template.

use std::path::{Path, PathBuf};

use proofmark_catalog::Catalog;
use proofmark_pool::{Pool, Session, TemplateKey};

use super::error::BenchError;

/// Raised when what is read from a database changes.
const FORMAT: u32 = 2;

fn path(cache: &Path, key: &TemplateKey) -> PathBuf {
    let version = env!("CARGO_PKG_VERSION");
    cache.join("catalogs").join(format!("{key}-{version}-{FORMAT}.json"))
}

/// The catalog stored for `key`, if it can be read.
pub(super) fn stored(cache: &Path, key: &TemplateKey) -> Option<Catalog> {
    let text = std::fs::read(path(cache, key)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Stores `catalog` for `key`; a full or read-only disk only costs the shortcut.
pub(super) fn store(cache: &Path, key: &TemplateKey, catalog: &Catalog) {
    let path = path(cache, key);
    let written = || -> std::io::Result<()> {
        let directory = path.parent().expect("the path was joined from two parts");
        std::fs::create_dir_all(directory)?;
        let partial = path.with_extension(format!("{}.tmp", std::process::id()));
        std::fs::write(&partial, serde_json::to_vec(catalog)?)?;
        std::fs::rename(&partial, &path)
    };
    // The next run reads the catalog from the database again: slower, not wrong.
    drop(written());
}

/// Reads the catalog from a copy of the template.
pub(super) async fn read_from_copy(pool: &Pool) -> Result<Catalog, BenchError> {
    let failed = |error: &dyn std::fmt::Display| BenchError::Task(error.to_string());
    let lease = pool.lease().await.map_err(|error| failed(&error))?;
    let session = Session::open(&pool.target().config(&lease.database))
        .await
        .map_err(|error| failed(&error))?;
    let catalog = proofmark_catalog::read(&session).await.map_err(|error| failed(&error))?;
    session.close().await;
    pool.give_back(&lease, proofmark_pool::Ending::default())
        .await
        .map_err(|error| failed(&error))?;
    Ok(catalog)
}
