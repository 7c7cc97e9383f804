//! A silenced lint says why.
//!
//! In: every Rust file. Out: each `allow` and `expect` attribute without `reason = "..."`.
//!
//! **Invariant:** also looks inside `cfg_attr`.

use super::finding::{Finding, Reporter};
use crate::tree::Tree;

pub(super) const NAME: &str = "allow-reason";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let silences = tree.rust().iter().flat_map(|source| {
        source.unreasoned_silences().into_iter().map(move |found| (&source.path, found))
    });
    silences
        .map(|(path, (word, line))| {
            reporter.at(
                path,
                line,
                format!("`{word}` without a reason"),
                "write #[expect(<lint>, reason = \"why the lint is wrong here\")], or mend the code",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allow_without_a_reason_is_flagged() {
        let tree = Tree::of(&[("crates/a/src/lib.rs", "//! A.\n#[allow(dead_code)]\nfn f() {}\n")]);
        let lines: Vec<usize> = check(&tree).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [2]);
    }

    #[test]
    fn an_expect_with_its_reason_passes() {
        let text = "//! A.\n#[expect(dead_code, reason = \"part of the format\")]\nfn f() {}\n";
        assert_eq!(check(&Tree::of(&[("crates/a/src/lib.rs", text)])), []);
    }
}
