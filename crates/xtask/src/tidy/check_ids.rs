//! A check that is reported is explained, and nothing is explained that is never reported.
//!
//! In: the lines `id: "..."` of the files of checks, and the first column of the tables headed
//! `finding` in `docs/findings/`. Out: each id that only one of them has.
//!
//! **Invariant:** an empty list on the code's side is a finding too; the rule must notice when it
//! has nothing left to compare.

use super::finding::{Finding, Reporter};
use crate::tree::Tree;

pub(super) const NAME: &str = "check-ids";

const CODE: &str = "crates/findings/src/checks/";
const DOCS: &str = "docs/findings/";

/// An id and where it stands.
struct Id {
    text: String,
    path: String,
    line: usize,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let in_code = ids_in_code(tree);
    let in_docs = ids_in_docs(tree);
    if in_code.is_empty() && tree.has(CODE) {
        let help = "the rule looks for lines `id: \"...\"`; teach it the new place";
        return vec![reporter.at(CODE, 1, "no ids of checks", help)];
    }
    let lacking = |these: &[Id], those: &[Id], message: &str, help: &str| {
        let only_here =
            these.iter().filter(|this| !those.iter().any(|that| that.text == this.text));
        only_here
            .map(|this| {
                reporter.at(&this.path, this.line, format!("`{}` {message}", this.text), help)
            })
            .collect::<Vec<Finding>>()
    };
    let undocumented = "cargo xtask generate";
    let mut found = lacking(&in_code, &in_docs, "is explained nowhere", undocumented);
    let unreported = "remove its row, or report it";
    found.extend(lacking(&in_docs, &in_code, "is never reported", unreported));
    found
}

fn ids_in_code(tree: &Tree) -> Vec<Id> {
    let mut ids = Vec::new();
    for source in tree.rust().iter().filter(|source| source.path.starts_with(CODE)) {
        let lines = tree.text(&source.path).unwrap_or_default().lines();
        for (index, line) in lines.enumerate() {
            let id = line.trim().strip_prefix("id: \"").and_then(|rest| rest.strip_suffix("\","));
            if let Some(id) = id {
                ids.push(Id { text: id.to_owned(), path: source.path.clone(), line: index + 1 });
            }
        }
    }
    ids
}

fn ids_in_docs(tree: &Tree) -> Vec<Id> {
    let mut ids = Vec::new();
    for (path, text) in tree.texts_with_extension("md") {
        if !path.starts_with(DOCS) {
            continue;
        }
        let mut in_table = false;
        for (index, line) in text.lines().enumerate() {
            let Some(cell) = line.strip_prefix('|').and_then(|row| row.split('|').next()) else {
                in_table = false;
                continue;
            };
            in_table |= cell.trim() == "finding";
            if let Some(id) = cell.split(['[', ']']).nth(1).filter(|_| in_table) {
                ids.push(Id { text: id.to_owned(), path: path.to_owned(), line: index + 1 });
            }
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# A\n\n| finding | means |\n|---|---|\n| [masked](masked.md) | x |\n\n| [no] | y |\n";

    fn messages(code: &str, page: &str) -> Vec<String> {
        let files =
            [("crates/findings/src/checks/masked.rs", code), ("docs/findings/README.md", page)];
        check(&Tree::of(&files)).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn an_id_on_one_side_only_is_flagged() {
        let code = "//! A.\nconst A: Check = Check {\n    id: \"never-tried\",\n};\n";
        let expected = ["`never-tried` is explained nowhere", "`masked` is never reported"];
        assert_eq!(messages(code, PAGE), expected);
    }

    #[test]
    fn code_in_which_no_id_is_found_is_flagged() {
        assert_eq!(messages("//! A.\nconst A: &str = \"masked\";\n", PAGE), ["no ids of checks"]);
    }

    #[test]
    fn the_same_ids_on_both_sides_pass() {
        let code = "//! A.\nconst A: Check = Check {\n    id: \"masked\",\n};\n";
        assert_eq!(messages(code, PAGE), Vec::<String>::new());
    }
}
