//! Writes the committed files that are made from code: the JSON Schemas of the report and
//! of the configuration, and the page of every check.
//!
//! In: the root of the repository, as the only argument. Out: the files, and a line for each
//! that says whether it changed.
//! `cargo xtask generate` starts this. It is a program of its own so that `cargo xtask tidy` needs
//! no other crate to compile; the crates' own tests compare the committed files with the code.
//!
//! **Invariant:** the same code gives the same bytes.

use std::path::PathBuf;

use anyhow::Context as _;

#[expect(clippy::print_stdout, reason = "it says what it wrote")]
fn main() -> anyhow::Result<()> {
    let root = std::env::args().nth(1).context("usage: generate <root of the repository>")?;
    let root = PathBuf::from(root);
    let mut files = vec![
        ("docs/reference/report.schema.json".to_owned(), proofmark_report::schema_json()),
        ("docs/reference/proofmark.schema.json".to_owned(), proofmark::config::schema_json()),
        ("docs/findings/README.md".to_owned(), proofmark_findings::index()),
    ];
    files.extend(
        proofmark_findings::CHECKS.iter().map(|check| {
            (format!("docs/findings/{}.md", check.id), proofmark_findings::page(check))
        }),
    );
    for (path, text) in files {
        let file = root.join(&path);
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        std::fs::write(&file, &text).with_context(|| format!("cannot write {path}"))?;
        println!("{path}: {}", if before == text { "unchanged" } else { "written" });
    }
    Ok(())
}
