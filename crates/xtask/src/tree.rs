//! The files of the repository, as the rules see them.
//!
//! In: a folder. Out: a [`Tree`] of every file that git tracks or would track, with its text.
//! Without git (an unpacked archive) the folder is walked, and folders that tools make are skipped.
//!
//! **Invariant:** a tree is read once and never written; rules look at it and at nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::rust_source::RustSource;

/// Folders made by tools: never part of the repository, also where no git says so.
const MADE_BY_TOOLS: [&str; 6] =
    [".git", "target", "node_modules", ".venv", ".proofmark", "__pycache__"];

/// Every file of the repository by its path from the root, with `/` between the parts.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// `None` for a file that is not UTF-8 text.
    files: BTreeMap<String, Option<String>>,
    rust: Vec<RustSource>,
}

impl Tree {
    /// Reads every file below `root`.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let paths = match listed_by_git(root) {
            Some(paths) => paths,
            None => walked(root)?,
        };
        let mut files = BTreeMap::new();
        for path in paths {
            let file = root.join(&path);
            // What must be red in there is red on purpose.
            if path.starts_with("ci/proof/") {
                continue;
            }
            // A file that was deleted but is still in git's index is no longer ours to check.
            if !file.is_file() {
                continue;
            }
            let bytes = fs::read(&file).with_context(|| format!("cannot read {path}"))?;
            files.insert(path, String::from_utf8(bytes).ok());
        }
        Ok(Self::with(files))
    }

    /// A tree of these texts, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let owned = files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        Self::with(owned.collect())
    }

    fn with(files: BTreeMap<String, Option<String>>) -> Self {
        let rust = files
            .iter()
            .filter(|(path, _)| extension(path) == Some("rs"))
            .filter_map(|(path, text)| Some(RustSource::new(path, text.as_deref()?)))
            .collect();
        Self { files, rust }
    }

    /// Every file's path, in order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every text file: path and text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The text files whose name ends with `.{extension}`.
    pub(crate) fn texts_with_extension(
        &self,
        wanted: &'static str,
    ) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| extension(path) == Some(wanted))
    }

    /// Every Rust source file, split into tokens.
    pub(crate) fn rust(&self) -> &[RustSource] {
        &self.rust
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether `path` is a file, or a folder with a file in it.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        path.is_empty()
            || self.files.contains_key(path)
            || self
                .files
                .range(folder.clone()..)
                .next()
                .is_some_and(|(p, _)| p.starts_with(&folder))
    }
}

fn extension(path: &str) -> Option<&str> {
    Path::new(path).extension()?.to_str()
}

/// The root of the repository: two folders above this crate, or what a gate's proof says it is.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    if let Some(root) = std::env::var_os("XTASK_ROOT") {
        return Ok(root.into());
    }
    let here = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")),
    };
    let root = here.ancestors().nth(2).context("this crate does not lie two folders deep")?;
    Ok(root.to_path_buf())
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(listing.stdout).ok()?;
    let paths: Vec<String> = text.split_terminator('\0').map(str::to_owned).collect();
    // An archive unpacked inside somebody else's repository: git answers, but not about this tree.
    (!paths.is_empty()).then_some(paths)
}

fn walked(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !MADE_BY_TOOLS.iter().any(|made| entry.file_name() == *made) {
                    folders.push(entry.path());
                }
            } else if kind.is_file() {
                let path = entry.path();
                let below = path.strip_prefix(root).expect("every entry lies below the root");
                paths.push(below.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_git_the_folder_is_walked_and_made_folders_are_left_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |path: &str| {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().expect("a parent")).expect("folders");
            fs::write(file, "x").expect("a file");
        };
        write("src/lib.rs");
        write("target/debug/lib.rs");
        let mut paths = walked(folder.path()).expect("a readable folder");
        paths.sort();
        assert_eq!(paths, ["src/lib.rs"]);
    }

    #[test]
    fn a_folder_counts_as_there_only_with_a_file_in_it() {
        let tree = Tree::of(&[("docs/how-to/ci.md", ""), ("docs.md", "")]);
        assert!(tree.has("docs/how-to"));
        assert!(tree.has("docs/how-to/"));
        assert!(tree.has("docs.md"));
        assert!(!tree.has("docs/how"));
    }

    #[test]
    fn the_tree_of_this_repository_has_this_file() {
        let tree = Tree::read(&root().expect("a root")).expect("a readable repository");
        assert!(tree.text("crates/xtask/src/tree.rs").is_some());
    }
}
