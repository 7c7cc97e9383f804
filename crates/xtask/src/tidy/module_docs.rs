//! Every Rust file opens with what it is for.
//!
//! In: every Rust file. Out: each one whose first line is not a `//!` module doc.
//!
//! **Invariant:** tests and benchmarks are files like any other.

use super::finding::{Finding, Reporter};
use crate::tree::Tree;

pub(super) const NAME: &str = "module-docs";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let help = "open the file with //! its responsibility, what goes in and comes out, its main \
                type, and one **Invariant**";
    let mut found = Vec::new();
    for source in tree.rust() {
        let first = source.text.lines().next().unwrap_or_default();
        if first.strip_prefix("//!").is_none_or(|doc| doc.trim().is_empty()) {
            found.push(reporter.at(&source.path, 1, "no module doc", help));
        }
        if let Some(why) = &source.unreadable {
            let help = "make it compile; the other rules cannot read it";
            found.push(reporter.at(&source.path, 1, format!("not readable as Rust: {why}"), help));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_opens_with_code_is_flagged() {
        let tree =
            Tree::of(&[("shop/tests/main.rs", "mod a;\n"), ("crates/a/src/lib.rs", "//!\n")]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/a/src/lib.rs", "shop/tests/main.rs"]);
    }

    #[test]
    fn a_file_that_is_not_rust_is_flagged() {
        let tree = Tree::of(&[("crates/a/src/lib.rs", "//! A.\nfn f( {\n")]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn a_file_that_opens_with_its_doc_passes() {
        assert_eq!(check(&Tree::of(&[("crates/a/src/lib.rs", "//! Rows in, cells out.\n")])), []);
    }
}
