//! A function fits a screen.
//!
//! In: every Rust file. Out: each function of more than 70 lines (from `fn` to its brace) without
//! an entry in `tidy.toml`.
//!
//! **Invariant:** tests are measured too; a long test is a missing builder.

use super::finding::{Finding, Reporter};
use super::ratchet::{self, Ratchet, Standing};
use crate::tree::Tree;

pub(super) const NAME: &str = "function-length";

const LIMIT: usize = 70;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let ratchet = match Ratchet::of(tree, reporter) {
        Ok(ratchet) => ratchet,
        Err(broken) => return vec![broken],
    };
    let mut found = Vec::new();
    let mut used = vec![false; ratchet.functions.len()];
    for source in tree.rust() {
        for function in source.functions() {
            let entry = ratchet
                .functions
                .iter()
                .position(|entry| entry.path == source.path && entry.name == function.name);
            if let Some(entry) = entry {
                used[entry] = true;
            }
            let listed = entry.map(|entry| ratchet.functions[entry].lines);
            if let Some(help) = advice(function.lines, listed) {
                let message = format!("`{}` has {} lines", function.name, function.lines);
                found.push(reporter.at(&source.path, function.line, message, help));
            }
        }
    }
    for (entry, _) in ratchet.functions.iter().zip(used).filter(|(_, used)| !used) {
        let message = format!("an exception for `{}`, which is not there", entry.name);
        found.push(reporter.at(ratchet::PATH, 1, message, "remove the entry"));
    }
    found
}

fn advice(lines: usize, listed: Option<usize>) -> Option<String> {
    match ratchet::standing(lines, LIMIT, listed) {
        Standing::Fine if listed.is_some() && lines <= LIMIT => {
            Some(format!("it needs no exception; remove its entry from {}", ratchet::PATH))
        }
        Standing::Fine => None,
        Standing::Over => Some(format!("split it; at most {LIMIT} lines, better 40")),
        Standing::Grew => Some("move the addition out; an exception only shrinks".to_owned()),
        Standing::Shrank => Some(format!("lower its number in {} to {lines}", ratchet::PATH)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(lines: usize, entry: &str) -> Vec<(usize, String)> {
        let body = "    f();\n".repeat(lines - 2);
        let text = format!("//! A.\n\nfn long() {{\n{body}}}\n");
        let tree = Tree::of(&[("crates/a/src/a.rs", &text), (ratchet::PATH, entry)]);
        check(&tree).into_iter().map(|finding| (finding.line, finding.message)).collect()
    }

    const ENTRY: &str = "[[functions]]\npath = \"crates/a/src/a.rs\"\nname = \"long\"\n\
                         lines = 80\nreason = \"one match\"\n";

    #[test]
    fn a_long_function_is_flagged_where_it_begins() {
        assert_eq!(findings(71, ""), [(3, "`long` has 71 lines".to_owned())]);
    }

    #[test]
    fn an_exception_only_shrinks() {
        assert_eq!(findings(81, ENTRY).len(), 1);
        assert_eq!(findings(79, ENTRY).len(), 1);
    }

    #[test]
    fn an_exception_for_no_function_is_flagged() {
        assert_eq!(check(&Tree::of(&[(ratchet::PATH, ENTRY)])).len(), 1);
    }

    #[test]
    fn a_function_at_the_limit_or_at_its_exception_passes() {
        assert_eq!(findings(70, ""), []);
        assert_eq!(findings(80, ENTRY), []);
    }
}
