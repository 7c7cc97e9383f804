//! A document has one title.
//!
//! In: every Markdown file, but not the parts of rustdoc pages that lie beside the code (there each
//! section is a `#`). Out: each one whose first heading is not its only `#`.
//!
//! **Invariant:** a `#` inside a fence is a comment of some shell, not a title.

use super::finding::{Finding, Reporter};
use crate::markdown::Document;
use crate::tree::Tree;

pub(super) const NAME: &str = "one-title";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let help = "one `#` at the top, `##` below it";
    let mut found = Vec::new();
    let documents = tree.texts_with_extension("md").filter(|(path, _)| !path.contains("/src/"));
    for (path, text) in documents {
        let document = Document::new(text);
        let mut titles = document.headings().filter(|(_, level, _)| *level == 1);
        match (document.headings().next(), titles.next()) {
            (_, None) => found.push(reporter.at(path, 1, "no title", help)),
            (Some((line, level, _)), Some(_)) if level > 1 => {
                found.push(reporter.at(path, line, "a heading above the title", help));
            }
            _ => {}
        }
        found.extend(titles.map(|(line, _, _)| reporter.at(path, line, "a second title", help)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let tree = Tree::of(&[("docs/a.md", text)]);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_document_without_or_with_two_titles_is_flagged() {
        assert_eq!(messages("text\n"), ["no title"]);
        assert_eq!(messages("# A\n\n# B\n"), ["a second title"]);
        assert_eq!(messages("## A\n\n# B\n"), ["a heading above the title"]);
    }

    #[test]
    fn a_document_with_one_title_passes() {
        assert_eq!(messages("# A\n\n```sh\n# comment\n```\n\n## B\n"), Vec::<String>::new());
        assert_eq!(check(&Tree::of(&[("crates/a/src/run/test.md", "# A\n# B\n")])), []);
    }
}
