//! A link in the documentation leads somewhere.
//!
//! In: every Markdown file. Out: each relative link to a file that is not in the repository, or to
//! a heading that its document does not have.
//!
//! **Invariant:** asks nothing of the network; addresses with a scheme are not looked at.

use super::finding::{Finding, Reporter};
use crate::markdown::Document;
use crate::tree::Tree;

pub(super) const NAME: &str = "docs-links";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let mut found = Vec::new();
    for (path, text) in tree.texts_with_extension("md") {
        for (line, target) in Document::new(text).links() {
            if let Some(problem) = problem(tree, path, &target) {
                let help = "mend the link, or write the page";
                found.push(reporter.at(path, line, format!("`{target}`: {problem}"), help));
            }
        }
    }
    found
}

fn problem(tree: &Tree, from: &str, target: &str) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let Some(file) = resolved(from, file) else { return Some("leads out of the repository") };
    if !tree.has(&file) {
        return Some("no such file");
    }
    let mut documents = tree.texts_with_extension("md");
    let (_, text) = documents.find(|(path, _)| *path == file && !anchor.is_empty())?;
    let has_anchor = Document::new(text).anchors().iter().any(|given| given == anchor);
    (!has_anchor).then_some("no such heading")
}

/// The path from the root; `None` when it leads above it.
fn resolved(from: &str, file: &str) -> Option<String> {
    if file.is_empty() {
        return Some(from.to_owned());
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let tree =
            Tree::of(&[("docs/a.md", text), ("docs/b.md", "# B\n## In short\n"), ("x.rs", "")]);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_link_to_nothing_is_flagged() {
        let text = "# A\n[1](c.md) [2](b.md#long) [3](../../x) ![4](../y.svg) [5](#gone)\n";
        let expected = [
            "`c.md`: no such file",
            "`b.md#long`: no such heading",
            "`../../x`: leads out of the repository",
            "`../y.svg`: no such file",
            "`#gone`: no such heading",
        ];
        assert_eq!(messages(text), expected);
    }

    #[test]
    fn a_link_that_leads_somewhere_passes() {
        let text =
            "# A\n[1](b.md) [2](b.md#in-short) [3](../x.rs) [4](https://x.org/y) [5](#a) [6](.)\n";
        assert_eq!(messages(text), Vec::<String>::new());
    }
}
