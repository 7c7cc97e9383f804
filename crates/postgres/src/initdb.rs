//! Initialises a data directory once, for every later run to copy.
//!
//! In: binaries and a cache. Out: the [`Image`] of an empty server: superuser `postgres`, trust
//! on the socket, UTF8.
//!
//! **Invariant:** the same binaries and flags give the same key, so initdb runs once per machine.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use sha2::{Digest as _, Sha256};

use crate::installation::hex;
use crate::run_dir::RunDir;
use crate::{Account, Cache, Image, ImageError, Installation, image, postmaster};

/// 1 MiB segments make a data directory of 30 MB instead of 50 MB. No checksums: nothing here
/// outlives a crash.
const FLAGS: &[&str] = &[
    "--auth=trust",
    "--username=postgres",
    "--encoding=UTF8",
    "--no-sync",
    "--no-instructions",
    "--wal-segsize=1",
];

/// The superuser of every server made here.
pub(crate) const SUPERUSER: &str = "postgres";

/// The image of an empty server of this installation: from the cache, or made now.
///
/// # Errors
/// [`ImageError`]: the cache cannot be written, the disk is full, or initdb failed.
pub fn base_image(installation: &Installation, cache: &Cache) -> Result<Image, ImageError> {
    let key = base_key(installation);
    if let Some(image) = Image::at(cache, &key) {
        return Ok(image);
    }
    let _lock = cache.lock(&key).map_err(ImageError::at(cache.root()))?;
    // Another process may have made it while we waited.
    if let Some(image) = Image::at(cache, &key) {
        return Ok(image);
    }
    let run = RunDir::create(None)?;
    let made = initialise(installation, &run)
        .and_then(|()| Image::store(cache, &key, &run.data(), installation.version()));
    let removed = run.remove();
    let image = made?;
    removed.map_err(ImageError::at(run.path()))?;
    Ok(image)
}

fn base_key(installation: &Installation) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{} {FLAGS:?} {}", image::FORMAT, installation.fingerprint()));
    format!("base-{}-{}", installation.version().major, hex(&hash.finalize()[..8]))
}

fn initialise(installation: &Installation, run: &RunDir) -> Result<(), ImageError> {
    let (account, staged) = run.settle(installation, None)?;
    fill(&staged, account, &run.data(), FLAGS, false)
}

/// Makes an empty server in `data` whose configuration includes ours last.
pub(crate) fn fill(
    installation: &Installation,
    account: Account,
    data: &Path,
    flags: &[&str],
    checksums: bool,
) -> Result<(), ImageError> {
    // Since 18 checksums are on unless one says otherwise.
    let checksums = match (checksums, installation.version().major) {
        (true, ..18) => Some("--data-checksums"),
        (false, 18..) => Some("--no-data-checksums"),
        _ => None,
    };
    let flags: Vec<&str> = flags.iter().copied().chain(checksums).collect();
    // Not every build of every libc has C.UTF-8.
    initdb(installation, account, data, &flags, "C.UTF-8").or_else(|error| match error {
        ImageError::Initdb { .. } => initdb(installation, account, data, &flags, "C"),
        other => Err(other),
    })?;
    let conf = data.join("postgresql.conf");
    let appended = std::fs::OpenOptions::new()
        .append(true)
        .open(&conf)
        .and_then(|mut file| file.write_all(b"\ninclude = 'proofmark.conf'\n"));
    appended.map_err(ImageError::at(&conf))
}

fn initdb(
    installation: &Installation,
    account: Account,
    data: &Path,
    flags: &[&str],
    locale: &str,
) -> Result<(), ImageError> {
    if data.exists() {
        std::fs::remove_dir_all(data).map_err(ImageError::at(data))?;
    }
    account.make_private_dir(data).map_err(ImageError::at(data))?;
    let mut command = postmaster::command(installation, "initdb", account);
    command.arg("-D").arg(data).args(flags).arg(format!("--locale={locale}"));
    command.current_dir(data).stdin(Stdio::null());
    let output = command.output().map_err(ImageError::Spawn)?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if text.contains("No space left on device") {
        return Err(ImageError::DiskFull { path: data.to_path_buf() });
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let message = lines[lines.len().saturating_sub(5)..].join("\n");
    Err(ImageError::Initdb { message })
}
