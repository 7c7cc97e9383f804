//! A file fits a reader's head.
//!
//! In: every Rust file that is not a test. Out: each one of more than 500 production lines without
//! an entry in `tidy.toml`, or of more than 800 with or without.
//!
//! **Invariant:** unit tests at the end of the file do not count.

use super::finding::{Finding, Reporter};
use super::ratchet::{self, Ratchet, Standing};
use crate::tree::Tree;

pub(super) const NAME: &str = "file-size";

const LIMIT: usize = 500;
const HARD_LIMIT: usize = 800;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let ratchet = match Ratchet::of(tree, reporter) {
        Ok(ratchet) => ratchet,
        Err(broken) => return vec![broken],
    };
    let mut found: Vec<Finding> = tree
        .rust()
        .iter()
        .filter(|source| !source.is_test_file())
        .filter_map(|source| {
            let lines = source.production_lines();
            let entry = ratchet.files.iter().find(|entry| entry.path == source.path);
            let (message, help) = verdict(lines, entry.map(|entry| entry.lines))?;
            Some(reporter.at(&source.path, lines, message, help))
        })
        .collect();
    for entry in ratchet.files.iter().filter(|entry| !tree.has(&entry.path)) {
        let message = format!("an exception for {}, which is not there", entry.path);
        found.push(reporter.at(ratchet::PATH, 1, message, "remove the entry"));
    }
    found
}

fn verdict(lines: usize, entry: Option<usize>) -> Option<(String, String)> {
    if lines > HARD_LIMIT {
        let help = "split it by what it is about; no exception is accepted above this".to_owned();
        return Some((format!("{lines} production lines, more than {HARD_LIMIT}"), help));
    }
    match ratchet::standing(lines, LIMIT, entry) {
        Standing::Fine if entry.is_some() && lines <= LIMIT => {
            let message = format!("{lines} production lines need no exception");
            Some((message, format!("remove its entry from {}", ratchet::PATH)))
        }
        Standing::Fine => None,
        Standing::Over => Some((
            format!("{lines} production lines, more than {LIMIT}"),
            format!("split it, or state in {} why it is one table or grammar", ratchet::PATH),
        )),
        Standing::Grew => Some((
            format!("{lines} production lines, more than its exception allows"),
            "move the addition out; an exception only shrinks".to_owned(),
        )),
        Standing::Shrank => Some((
            format!("{lines} production lines, fewer than its exception allows"),
            format!("lower the number in {} to {lines}, or remove it", ratchet::PATH),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(lines: usize, listed: Option<usize>) -> Vec<String> {
        let text = format!("//! A.\n{}", "const A: u8 = 0;\n".repeat(lines - 1));
        let entry = listed.map_or(String::new(), |listed| {
            format!("[[files]]\npath = \"crates/a/src/a.rs\"\nlines = {listed}\nreason = \"table\"")
        });
        let tree = Tree::of(&[("crates/a/src/a.rs", &text), (ratchet::PATH, &entry)]);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_long_file_is_flagged() {
        assert_eq!(messages(501, None), ["501 production lines, more than 500"]);
        assert_eq!(messages(801, Some(801)), ["801 production lines, more than 800"]);
    }

    #[test]
    fn an_exception_only_shrinks() {
        let grew = ["601 production lines, more than its exception allows"];
        assert_eq!(messages(601, Some(600)), grew);
        let shrank = ["599 production lines, fewer than its exception allows"];
        assert_eq!(messages(599, Some(600)), shrank);
        assert_eq!(messages(400, Some(400)), ["400 production lines need no exception"]);
    }

    #[test]
    fn an_exception_for_no_file_is_flagged() {
        let entry = "[[files]]\npath = \"crates/gone.rs\"\nlines = 600\nreason = \"table\"\n";
        assert_eq!(check(&Tree::of(&[(ratchet::PATH, entry)])).len(), 1);
    }

    #[test]
    fn a_file_at_the_limit_or_at_its_exception_passes() {
        assert_eq!(messages(500, None), Vec::<String>::new());
        assert_eq!(messages(600, Some(600)), Vec::<String>::new());
    }
}
