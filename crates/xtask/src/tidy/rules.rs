//! The table of rules, and the run over all of them.
//!
//! In: a tree. Out: the findings on standard output, and a closing line with a count.
//!
//! **Invariant:** the only place that knows every rule.

use super::{
    allow_reason, check_ids, crate_order, docs_commands_marked, docs_index, docs_links, file_size,
    finding::Finding, function_length, line_length, machine_paths, module_docs, names, one_title,
    unfinished, unwrap,
};
use crate::Outcome;
use crate::tree::Tree;

type Rule = (&'static str, fn(&Tree) -> Vec<Finding>);

const RULES: &[Rule] = &[
    (allow_reason::NAME, allow_reason::check),
    (check_ids::NAME, check_ids::check),
    (crate_order::NAME, crate_order::check),
    (docs_commands_marked::NAME, docs_commands_marked::check),
    (docs_index::NAME, docs_index::check),
    (docs_links::NAME, docs_links::check),
    (file_size::NAME, file_size::check),
    (function_length::NAME, function_length::check),
    (line_length::NAME, line_length::check),
    (machine_paths::NAME, machine_paths::check),
    (module_docs::NAME, module_docs::check),
    (names::NAME, names::check),
    (one_title::NAME, one_title::check),
    (unfinished::NAME, unfinished::check),
    (unwrap::NAME, unwrap::check),
];

/// Applies every rule to `tree` and prints what they found.
#[expect(clippy::print_stdout, reason = "the findings are the output of this command")]
#[expect(clippy::unnecessary_wraps, reason = "every verb has this shape")]
pub(crate) fn run(tree: &Tree) -> anyhow::Result<Outcome> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|(_, check)| check(tree)).collect();
    findings.sort();
    for finding in &findings {
        println!("{finding}\n");
    }
    let files = tree.paths().count();
    if findings.is_empty() {
        println!("tidy: {} rules, {files} files, nothing to mend", RULES.len());
        return Ok(Outcome::Clean);
    }
    println!("tidy: {} rules, {files} files, {} to mend", RULES.len(), findings.len());
    Ok(Outcome::ToMend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_with_a_rule_is_in_the_table() {
        let root = crate::tree::root().expect("a root");
        let tree = Tree::read(&root).expect("a readable repository");
        let mut with_a_rule: Vec<String> = tree
            .texts()
            .filter_map(|(path, text)| Some((path.strip_prefix("crates/xtask/src/tidy/")?, text)))
            .filter(|(_, text)| text.lines().any(|line| line.starts_with("pub(super) const NAME")))
            .map(|(file, _)| file.trim_end_matches(".rs").replace('_', "-"))
            .collect();
        with_a_rule.sort();
        let table: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
        assert_eq!(with_a_rule, table);
    }
}
