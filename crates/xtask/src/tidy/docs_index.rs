//! Every page of the documentation can be found.
//!
//! In: the Markdown files below `docs/`. Out: each one that `docs/README.md` does not link.
//!
//! **Invariant:** the index is written by a person, who chooses the place and the words.

use super::finding::{Finding, Reporter};
use crate::markdown::Document;
use crate::tree::Tree;

pub(super) const NAME: &str = "docs-index";

const INDEX: &str = "docs/README.md";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let linked = Document::new(tree.text(INDEX).unwrap_or_default()).links();
    let pages = tree.texts_with_extension("md").filter_map(|(path, _)| {
        let below = path.strip_prefix("docs/").filter(|below| *below != "README.md")?;
        Some((path, below))
    });
    pages
        .filter(|(_, below)| !linked.iter().any(|(_, target)| target == below))
        .map(|(path, _)| {
            let help = format!("add it to {INDEX}, under the kind of page it is");
            reporter.at(path, 1, "a page that the index does not list", help)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(index: &str) -> Vec<String> {
        let tree = Tree::of(&[(INDEX, index), ("docs/how-to/ci.md", "# CI\n")]);
        check(&tree).into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn a_page_outside_of_the_index_is_flagged() {
        assert_eq!(paths("# Documentation\n"), ["docs/how-to/ci.md"]);
    }

    #[test]
    fn a_page_in_the_index_passes() {
        assert_eq!(paths("# Documentation\n- [CI](how-to/ci.md)\n"), Vec::<String>::new());
    }
}
