//! `cargo xtask docs-commands`: runs the commands that the documentation shows.
//!
//! In: the shell blocks of README.md and `docs/` that are marked `ci`. Out: each is run by `bash`
//! at the root, with the built `proofmark` in front of PATH; the first that fails is named.
//!
//! ````text
//! ```sh ci                              every line is run, as one script
//! ```console ci                         the lines after `$ ` are run, the rest is their output
//! ```sh not-ci="needs your project"     is not run, and says why
//! ````
//!
//! **Invariant:** runs what is written, and nothing around it.

use std::path::Path;
use std::process::Command;
use std::{env, ffi::OsString};

use anyhow::Context;

use crate::Outcome;
use crate::markdown::Document;
use crate::tree::Tree;

/// What the opening fence says about running the block.
#[derive(Debug, PartialEq)]
pub(crate) enum Marking {
    RunInCi,
    /// It says why.
    NotRun,
    Unmarked,
}

/// A shell block of the documentation.
#[derive(Debug, PartialEq)]
pub(crate) struct Block {
    pub(crate) path: String,
    /// Of the opening fence.
    pub(crate) line: usize,
    pub(crate) marking: Marking,
    /// What `bash` gets.
    pub(crate) script: String,
}

/// Every shell block of README.md and `docs/`, in order.
pub(crate) fn blocks(tree: &Tree) -> Vec<Block> {
    let documents = tree
        .texts_with_extension("md")
        .filter(|(path, _)| *path == "README.md" || path.starts_with("docs/"));
    let mut blocks = Vec::new();
    for (path, text) in documents {
        for fence in Document::new(text).fences {
            let (language, marks) = fence.info.split_once(' ').unwrap_or((&fence.info, ""));
            let script = match language {
                "sh" | "bash" | "shell" => fence.body.clone(),
                "console" => after_prompts(&fence.body),
                _ => continue,
            };
            let marking = marking(marks);
            blocks.push(Block { path: path.to_owned(), line: fence.line, marking, script });
        }
    }
    blocks
}

fn marking(marks: &str) -> Marking {
    let reason = marks.split_once("not-ci=\"").and_then(|(_, rest)| rest.split_once('"'));
    match reason {
        Some((why, _)) if !why.trim().is_empty() => Marking::NotRun,
        None if marks.split(' ').any(|mark| mark == "ci") => Marking::RunInCi,
        _ => Marking::Unmarked,
    }
}

fn after_prompts(body: &str) -> String {
    body.lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .fold(String::new(), |all, command| all + command + "\n")
}

/// Runs every marked block.
#[expect(clippy::print_stdout, reason = "this command's output is read in the log")]
pub(crate) fn run(root: &Path, tree: &Tree) -> anyhow::Result<Outcome> {
    let marked: Vec<Block> =
        blocks(tree).into_iter().filter(|block| block.marking == Marking::RunInCi).collect();
    if marked.is_empty() {
        return Ok(Outcome::Skipped("no block of the documentation is marked `ci`".to_owned()));
    }
    let path = path_with_built_binaries(root)?;
    let mut failed = 0;
    for block in &marked {
        println!("{}:{}\n{}", block.path, block.line, block.script.trim_end());
        let status = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &block.script])
            .current_dir(root)
            .env("PATH", &path)
            .status()
            .context("cannot start bash")?;
        if !status.success() {
            println!("{}:{}: docs-commands: {status}", block.path, block.line);
            failed += 1;
        }
    }
    println!("docs-commands: {} blocks, {failed} failed", marked.len());
    Ok(if failed == 0 { Outcome::Clean } else { Outcome::ToMend })
}

fn path_with_built_binaries(root: &Path) -> anyhow::Result<OsString> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let inherited = env::var_os("PATH").unwrap_or_default();
    let folders = [target.join("release"), target.join("debug")];
    env::join_paths(folders.into_iter().chain(env::split_paths(&inherited)))
        .context("a folder in PATH has a `:` in its name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_their_marking_and_their_commands() {
        let text = "# A\n```sh ci\nls\n```\n```console not-ci=\"why\"\n$ ls\na b\n$ pwd\n```\n\
                    ```sh\nx\n```\n```sql\nselect 1\n```\n";
        let found = blocks(&Tree::of(&[("docs/a.md", text), ("crates/a/README.md", text)]));
        let block = |line, marking, script: &str| Block {
            path: "docs/a.md".to_owned(),
            line,
            marking,
            script: script.to_owned(),
        };
        let expected = [
            block(2, Marking::RunInCi, "ls\n"),
            block(5, Marking::NotRun, "ls\npwd\n"),
            block(10, Marking::Unmarked, "x\n"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_command_that_fails_is_to_mend_and_one_that_succeeds_is_clean() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let outcome = |script: &str| {
            let text = format!("# A\n```sh ci\n{script}\n```\n");
            run(root.path(), &Tree::of(&[("README.md", &text)])).expect("bash starts")
        };
        assert!(matches!(outcome("false | true"), Outcome::ToMend));
        assert!(matches!(outcome("test -d ."), Outcome::Clean));
    }

    #[test]
    fn nothing_marked_is_skipped_and_not_clean() {
        let outcome = run(Path::new("."), &Tree::of(&[])).expect("nothing to start");
        assert!(matches!(outcome, Outcome::Skipped(_)));
    }
}
