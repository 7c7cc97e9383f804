//! Things are named after what they are.
//!
//! In: every path, and every name that a Rust file gives. Out: names that fit anything (the list
//! below), and names with a version glued on.
//!
//! **Invariant:** looks at names that are given here, never at names that are used.

use super::finding::{Finding, Reporter};
use crate::rust_source::Named;
use crate::tree::Tree;

pub(super) const NAME: &str = "names";

/// Never a part of the name of a file, module or type.
const EMPTY_WORDS: [&str; 8] =
    ["manager", "managers", "helper", "helpers", "util", "utils", "common", "utilities"];

/// Never the whole name of a file, module or type; as a part they can be a term of the protocol.
const EMPTY_ALONE: [&str; 3] = ["data", "info", "misc"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found: Vec<Finding> = tree.paths().filter_map(path_finding).collect();
    for source in tree.rust() {
        found.extend(source.named().iter().filter_map(|named| name_finding(&source.path, named)));
    }
    found
}

fn path_finding(path: &str) -> Option<Finding> {
    let reporter = Reporter(NAME);
    for part in path.split('/') {
        let stem = part.split('.').next().unwrap_or(part);
        if let Some(word) = empty_word(stem) {
            let message = format!("`{part}` says nothing: `{word}`");
            return Some(reporter.at(path, 1, message, "name it after what it gives"));
        }
        if has_version(stem) {
            let message = format!("`{part}` carries a version");
            return Some(reporter.at(path, 1, message, "replace the old one instead"));
        }
    }
    None
}

fn name_finding(path: &str, named: &Named) -> Option<Finding> {
    let reporter = Reporter(NAME);
    let Named { keyword, name, line } = named;
    let is_room = !["fn", "const", "static"].contains(keyword);
    if is_room && let Some(word) = empty_word(name) {
        let message = format!("{keyword} `{name}` says nothing: `{word}`");
        return Some(reporter.at(path, *line, message, "name it after what it gives or holds"));
    }
    if has_version(name) {
        let message = format!("{keyword} `{name}` carries a version");
        return Some(reporter.at(path, *line, message, "replace the old one instead"));
    }
    None
}

fn empty_word(name: &str) -> Option<String> {
    let words = words(name);
    let part = words.iter().find(|word| EMPTY_WORDS.contains(&word.as_str()));
    let alone = match words.as_slice() {
        [only] if EMPTY_ALONE.contains(&only.as_str()) => Some(only),
        _ => None,
    };
    part.or(alone).cloned()
}

/// `..._v2` or `...V2` at the end.
fn has_version(name: &str) -> bool {
    let before_digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    before_digits.len() < name.len()
        && (before_digits.ends_with("_v")
            || before_digits
                .strip_suffix('V')
                .is_some_and(|before| before.ends_with(|c: char| c.is_ascii_lowercase())))
}

/// `LeaseWait`, `lease_wait` and `lease-wait` are the words lease and wait.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        let last = words.last_mut().expect("the list starts with one word");
        if !letter.is_alphanumeric() {
            words.push(String::new());
        } else if letter.is_uppercase() && !last.ends_with(char::is_uppercase) {
            words.push(letter.to_string());
        } else {
            last.push(letter);
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).map(|word| word.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn an_empty_name_is_flagged() {
        assert_eq!(messages("crates/a/src/test_utils.rs", "").len(), 1);
        assert_eq!(messages("docs/common/x.md", "").len(), 1);
        assert_eq!(messages("crates/a/src/info.rs", "").len(), 1);
        let text = "//! A.\nstruct LeaseManager;\nmod helpers {}\nenum Data {}\n";
        assert_eq!(messages("crates/a/src/lib.rs", text).len(), 3);
    }

    #[test]
    fn a_version_in_a_name_is_flagged() {
        let text = "//! A.\nfn refund_v2() {}\nstruct RefundV2;\n";
        assert_eq!(messages("crates/a/src/lib.rs", text).len(), 2);
        assert_eq!(messages("crates/a/src/refund_v2.rs", "").len(), 1);
    }

    #[test]
    fn a_term_passes() {
        let text =
            "//! A.\nstruct CopyData;\nfn common_prefix() { crate::util::f(); }\nenum Tls13 {}\n";
        assert_eq!(messages("crates/a/src/data_row.rs", text), Vec::<String>::new());
        assert_eq!(messages("shop/migrations/V2__orders.sql", ""), Vec::<String>::new());
    }
}
