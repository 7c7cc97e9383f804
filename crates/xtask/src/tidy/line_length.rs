//! A line fits beside another.
//!
//! In: every Rust file. Out: each line of more than 100 columns, except where it cannot be broken:
//! a word of more than 60 characters (an address, a hash), or a string that begins or goes on
//! there.
//!
//! **Invariant:** counts characters, not bytes.

use super::finding::{Finding, Reporter};
use crate::rust_source::RustSource;
use crate::tree::Tree;

pub(super) const NAME: &str = "line-length";

const COLUMNS: usize = 100;
const UNBREAKABLE: usize = 60;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let mut found = Vec::new();
    for source in tree.rust() {
        for (index, line) in source.text.lines().enumerate() {
            let columns = line.chars().count();
            let breakable = line.split_whitespace().all(|word| word.chars().count() <= UNBREAKABLE);
            if columns > COLUMNS && breakable && !is_string(source, index + 1, line) {
                let message = format!("{columns} columns, more than {COLUMNS}");
                let help = "run cargo fmt; break a string with `\\`, a comment with a new line";
                found.push(reporter.at(&source.path, index + 1, message, help));
            }
        }
    }
    found
}

/// Whether the line is part of a string over several lines, or opens with a string of a table.
fn is_string(source: &RustSource, number: usize, line: &str) -> bool {
    let opens_with_string = line.trim_start().starts_with(['"', 'r', 'b', 'c', '('])
        && line.trim_start().trim_start_matches(['r', 'b', 'c', '#', '(']).starts_with('"');
    opens_with_string
        || source
            .strings()
            .iter()
            .any(|(first, last, _)| first < last && (*first..=*last).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("crates/a/src/lib.rs", text)]);
        check(&tree).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_long_comment_or_expression_is_flagged() {
        let long = "x ".repeat(50);
        assert_eq!(
            lines(&format!("//! {long}\n/// {long}\nfn f() {{ g(\"{long}\") }}\n")),
            [1, 2, 3]
        );
    }

    #[test]
    fn a_long_word_or_a_row_of_a_string_table_passes() {
        let long = "é ".repeat(45);
        let address = "x".repeat(90);
        let text = format!(
            "//! {long}\n//! <https://x.org/{address}>\nconst A: &[&str] = &[\n    \"{long}{long}\",\n];\n\
             const B: &str = r#\"\n{long}{long}\n\"#;\n"
        );
        assert_eq!(lines(&text), Vec::<usize>::new());
    }
}
