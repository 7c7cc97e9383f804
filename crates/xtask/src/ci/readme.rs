//! The README's own commands: what it promises is what must be run.
//!
//! In: README.md and how the wanted command begins. Out: the command, without its comment.
//!
//! **Invariant:** looks at the first block only, which is what a newcomer pastes.

use anyhow::Context;

use crate::markdown::Document;

/// The command of the first block that begins with `start`.
pub(crate) fn command(readme: &str, start: &str) -> anyhow::Result<String> {
    let document = Document::new(readme);
    let first = document.fences.first().context("README.md has no block")?;
    let lines = first.body.lines().map(|line| line.strip_prefix("$ ").unwrap_or(line));
    let found = lines.filter(|line| line.starts_with(start)).map(|line| {
        let comment = line.find(" #").unwrap_or(line.len());
        line[..comment].trim_end().to_owned()
    });
    found.into_iter().next().with_context(|| format!("README.md opens without: {start}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_found_in_the_first_block_only() {
        let text = "# A\n```sh\ncargo run -- x   # does it\ncargo test\n```\n```sh\nmake\n```\n";
        assert_eq!(command(text, "cargo run").expect("it is there"), "cargo run -- x");
        let error = command(text, "make").expect_err("it is in the second block");
        assert_eq!(error.to_string(), "README.md opens without: make");
    }
}
