//! `cargo xtask generate`: writes the committed files that are made from code.
//!
//! In: nothing. Out: what `examples/generate.rs` writes, which this starts.
//!
//! **Invariant:** knows none of the crates whose files these are.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::Outcome;

/// Builds and starts the writer.
pub(crate) fn run(root: &Path) -> anyhow::Result<Outcome> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--package", "xtask", "--example", "generate", "--"])
        .arg(root)
        .current_dir(root)
        .status()
        .context("cannot start cargo")?;
    Ok(if status.success() { Outcome::Clean } else { Outcome::ToMend })
}
