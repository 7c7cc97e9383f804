//! `cargo xtask deny`: licences, duplicate versions and sources of the dependencies.
//!
//! In: `deny.toml` and `Cargo.lock`. Out: cargo-deny's own report. The pinned cargo-deny is built
//! into `target/tools` when this machine has none of that version.
//!
//! **Invariant:** needs no network beyond the package registry.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::Outcome;

/// The pinned version; another one words its rules differently.
const VERSION: &str = "0.20.2";

/// Checks everything that needs no advisory database.
pub(crate) fn run(root: &Path) -> anyhow::Result<Outcome> {
    let tool = installed(root)?;
    let status = Command::new(tool)
        .args(["--offline", "--workspace", "check", "--hide-inclusion-graph"])
        .args(["bans", "licenses", "sources"])
        .current_dir(root)
        .status()
        .context("cannot start cargo-deny")?;
    Ok(if status.success() { Outcome::Clean } else { Outcome::ToMend })
}

/// The program, installed if need be, with every dependency's source on this machine, so that it
/// can work offline.
pub(crate) fn installed(root: &Path) -> anyhow::Result<PathBuf> {
    let fetched = cargo(root).args(["fetch", "--locked"]).status()?;
    ensure!(fetched.success(), "cargo fetch --locked: {fetched}");

    let tools = tools(root);
    let own = tools.join("bin").join("cargo-deny");
    for candidate in [own.clone(), PathBuf::from("cargo-deny")] {
        if is_pinned(&candidate) {
            return Ok(candidate);
        }
    }
    // A debug build without features costs a third of the time and is fast enough.
    let built = cargo(root)
        .args(["install", "cargo-deny", "--version", VERSION, "--locked", "--debug"])
        .arg("--no-default-features")
        .arg("--root")
        .arg(&tools)
        .status()?;
    ensure!(built.success(), "cargo install cargo-deny: {built}");
    Ok(own)
}

fn is_pinned(program: &Path) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout).split_whitespace().any(|word| word == VERSION)
    })
}

/// Where tools of this repository are kept: below the build folder, which git ignores.
pub(crate) fn tools(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| root.join("target"), PathBuf::from).join("tools")
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}
