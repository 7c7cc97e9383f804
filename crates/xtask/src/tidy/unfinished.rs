//! Nothing unfinished is committed.
//!
//! In: every Rust file's macros, and every text's words. Out: unfinished markers and debug prints.
//!
//! **Invariant:** the markers are put together from parts here, so that this file does not name
//! itself.

use super::finding::{Finding, Reporter};
use crate::tree::Tree;

pub(super) const NAME: &str = "unfinished";

const MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];
const WORDS: [&str; 2] = [concat!("FIX", "ME"), concat!("X", "XX")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let mut found = Vec::new();
    for source in tree.rust() {
        for (name, line) in source.macros_used() {
            if MACROS.contains(&name.as_str()) {
                let help = "finish it, or leave it out until it can be finished";
                found.push(reporter.at(&source.path, line, format!("`{name}!`"), help));
            }
        }
    }
    // A lock file holds hashes, and a hash can hold any letters.
    for (path, text) in tree.texts().filter(|(path, _)| !path.contains("lock")) {
        for (index, line) in text.lines().enumerate() {
            if let Some(word) = WORDS.iter().find(|word| has_word(line, word)) {
                let help = "mend it now, or describe it where work is planned";
                found.push(reporter.at(path, index + 1, format!("`{word}`"), help));
            }
        }
    }
    found
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_flagged() {
        let text = format!("//! A.\nfn f() {{ todo!() }}\n// {}: later\n", WORDS[0]);
        let tree = Tree::of(&[("crates/a/src/lib.rs", &text), ("docs/a.md", WORDS[1])]);
        let lines: Vec<(String, usize)> =
            check(&tree).into_iter().map(|finding| (finding.path, finding.line)).collect();
        let expected = [("crates/a/src/lib.rs", 2), ("crates/a/src/lib.rs", 3), ("docs/a.md", 1)];
        assert_eq!(lines, expected.map(|(path, line)| (path.to_owned(), line)));
    }

    #[test]
    fn a_longer_word_or_a_string_passes() {
        let text = "//! A.\nconst A: &str = \"todo!()\";\n";
        let template = "mktemp -d /tmp/a.XXXXXX\n";
        assert_eq!(check(&Tree::of(&[("crates/a/src/lib.rs", text), ("a.sh", template)])), []);
    }
}
