//! A panic says why it cannot happen.
//!
//! In: every Rust file outside of tests. Out: each `.unwrap()`, and each `.expect("")` that says
//! nothing.
//!
//! **Invariant:** test code may unwrap.

use super::finding::{Finding, Reporter};
use crate::tree::Tree;

pub(super) const NAME: &str = "unwrap";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let mut found = Vec::new();
    for source in tree.rust() {
        for (name, literal, line) in source.method_calls() {
            let empty_expect = name == "expect" && literal.as_deref() == Some("\"\"");
            if (name == "unwrap" || empty_expect) && !source.is_test_line(line) {
                let message = format!("`.{name}()` outside of tests");
                let help = "return the error, or .expect(\"why this cannot happen\")";
                found.push(reporter.at(&source.path, line, message, help));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unwrap_in_production_is_flagged() {
        let text = "//! A.\nfn f() { g().unwrap(); }\nfn h() { g().expect(\"\"); }\n";
        let tree = Tree::of(&[("crates/a/src/lib.rs", text)]);
        let lines: Vec<usize> = check(&tree).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn a_test_may_unwrap_and_production_may_expect() {
        let text = "//! A.\nfn f() { g().expect(\"never empty\"); }\n\
                    #[cfg(test)]\nmod tests {\n    fn h() { g().unwrap(); }\n}\n";
        let test = "//! A.\nfn f() { g().unwrap(); }\n";
        let files = [("crates/a/src/lib.rs", text), ("crates/a/tests/main.rs", test)];
        assert_eq!(check(&Tree::of(&files)), []);
    }
}
