//! Writes the committed file that is made from code: the JSON Schema of the report.
//!
//! In: the root of the repository, as the only argument. Out: the file, and a line that says
//! whether it changed.
//! `cargo xtask generate` starts this. It is a program of its own so that `cargo xtask tidy` needs
//! no other crate to compile; the report crate's tests compare the committed file with the code.
//!
//! **Invariant:** the same code gives the same bytes.

use std::path::PathBuf;

use anyhow::Context as _;

#[expect(clippy::print_stdout, reason = "it says what it wrote")]
fn main() -> anyhow::Result<()> {
    let root = std::env::args().nth(1).context("usage: generate <root of the repository>")?;
    let path = "docs/reference/report.schema.json";
    let text = proofmark_report::schema_json();
    let file = PathBuf::from(root).join(path);
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    std::fs::write(&file, &text).with_context(|| format!("cannot write {path}"))?;
    println!("{path}: {}", if before == text { "unchanged" } else { "written" });
    Ok(())
}
