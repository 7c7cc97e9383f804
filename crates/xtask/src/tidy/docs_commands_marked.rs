//! A command in the documentation is run, or says why not.
//!
//! In: README.md and `docs/`. Out: each shell block (`sh`, `console`) that is neither marked `ci`
//! nor marked with a reason, `not-ci="..."`. The first block of README.md needs no mark: `.ci/run`
//! takes the main command and the test command from it.
//!
//! **Invariant:** does not run anything; `cargo xtask docs-commands` does.

use super::finding::{Finding, Reporter};
use crate::docs_commands::{self, Marking};
use crate::tree::Tree;

pub(super) const NAME: &str = "docs-commands-marked";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reporter = Reporter(NAME);
    let blocks = docs_commands::blocks(tree);
    let opening = blocks.iter().position(|block| block.path == "README.md");
    let unmarked = blocks
        .iter()
        .enumerate()
        .filter(|(at, block)| matches!(block.marking, Marking::Unmarked) && opening != Some(*at));
    unmarked
        .map(|(_, block)| {
            let help = "open it with ```sh ci, or ```sh not-ci=\"why it cannot run there\"";
            reporter.at(&block.path, block.line, "a shell block that nobody runs", help)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unmarked_shell_block_is_flagged() {
        let text = "# A\n```sh\nls\n```\n```console not-ci=\"\"\n$ ls\n```\n";
        let lines = |path| -> Vec<usize> {
            check(&Tree::of(&[(path, text)])).iter().map(|finding| finding.line).collect()
        };
        assert_eq!(lines("docs/a.md"), [2, 5]);
        assert_eq!(lines("README.md"), [5]);
    }

    #[test]
    fn a_block_that_is_run_or_says_why_not_passes() {
        let text =
            "# A\n```sh ci\nls\n```\n```sh not-ci=\"needs a project\"\nx\n```\n```sql\nx\n```\n";
        assert_eq!(check(&Tree::of(&[("docs/how-to/x.md", text)])), []);
    }
}
