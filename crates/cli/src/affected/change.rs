//! What has changed in the migrations since another commit.
//!
//! In: a git work tree, a commit, and the migrations of a trace. Out: the names that the changed
//! lines and the heads of their statements hold.
//!
//! **Invariant**: git is asked, nothing is written; a file counts as a migration if the trace has
//! it or it lies beside one and ends in `.sql`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use proofmark_catalog::source::statements;

use crate::exit::Exit;
use crate::failure::Failure;

/// A migration that differs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: String,
    /// Names in the changed lines, folded as PostgreSQL does.
    pub(super) words: BTreeSet<String>,
}

/// All names of several changes.
pub(super) fn words(changes: &[Change]) -> BTreeSet<&str> {
    changes.iter().flat_map(|change| &change.words).map(String::as_str).collect()
}

/// The migrations below `root` that differ between `base` and the work tree.
pub(super) fn since(
    root: &Path,
    base: &str,
    known: &BTreeSet<&str>,
) -> Result<Vec<Change>, Failure> {
    if base.starts_with('-') {
        let state = format!("`{base}` is no commit");
        return Err(Failure::new(Exit::Usage, state).help("--diff origin/main"));
    }
    let differing =
        git(root, &["diff", "--name-only", "-z", "--no-renames", "--relative", base, "--"])?;
    let fresh = git(root, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let paths: BTreeSet<&str> = differing.split('\0').chain(fresh.split('\0')).collect();
    let mut changes = Vec::new();
    for path in paths.into_iter().filter(|path| is_migration(path, known)) {
        let spec = format!("{base}:./{path}");
        // It may be missing at one of the ends.
        let before = git(root, &["show", &spec]).unwrap_or_default();
        let after = match std::fs::read_to_string(root.join(path)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                let state = format!("the migration {path} cannot be read");
                return Err(Failure::because(Exit::Usage, state, &error));
            }
        };
        let mut words = names(&before, &only_in(&before, &after));
        words.extend(names(&after, &only_in(&after, &before)));
        changes.push(Change { path: path.to_owned(), words });
    }
    Ok(changes)
}

fn git(root: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let failed = |why: &str| {
        let state = format!("git could not tell what has changed: {}", why.trim());
        Failure::new(Exit::Usage, state)
            .help("run it in a git work tree that has the commit: git fetch origin main")
    };
    let ran = Command::new("git").arg("-C").arg(root).args(arguments).output();
    let output = ran.map_err(|error| failed(&error.to_string()))?;
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_migration(path: &str, known: &BTreeSet<&str>) -> bool {
    let directory = |path: &str| path.rsplit_once('/').map_or("", |(all, _)| all).to_owned();
    let is_sql = Path::new(path).extension().is_some_and(|e| e.eq_ignore_ascii_case("sql"));
    known.contains(path) || is_sql && known.iter().any(|known| directory(known) == directory(path))
}

/// The numbers, from 1, of the lines of `text` that `other` does not have as often.
fn only_in(text: &str, other: &str) -> BTreeSet<usize> {
    let mut there = std::collections::HashMap::<&str, usize>::new();
    for line in other.lines() {
        *there.entry(line.trim()).or_default() += 1;
    }
    let lines = text.lines().enumerate().filter(|(_, line)| match there.get_mut(line.trim()) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    });
    lines.map(|(n, _)| n + 1).collect()
}

/// The names in the changed lines of each statement, and in its head.
fn names(text: &str, changed: &BTreeSet<usize>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for statement in statements(text) {
        let lines = statement.text.lines().enumerate();
        let mine: Vec<&str> = lines
            .filter(|(n, _)| changed.contains(&(statement.line + n)))
            .map(|(_, line)| line)
            .filter(|line| !line.trim_start().starts_with("--"))
            .filter(|line| !line.trim().is_empty())
            .collect();
        if mine.is_empty() {
            continue;
        }
        let head = statement.text.split('(').next().unwrap_or_default();
        mine.into_iter().chain([head]).for_each(|text| identifiers(text, &mut names));
    }
    names
}

fn identifiers(text: &str, names: &mut BTreeSet<String>) {
    for (n, part) in text.split('"').enumerate() {
        if n % 2 == 1 {
            names.insert(part.to_owned());
            continue;
        }
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        for word in part.split(|c| !is_part(c)).filter(|word| !word.is_empty()) {
            names.insert(word.to_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "create table a (id int);\n\ncreate table b (\n  id int,\n  n int\n);\n";

    fn changed(after: &str) -> Vec<String> {
        let mut words = names(after, &only_in(after, BEFORE));
        words.extend(names(BEFORE, &only_in(BEFORE, after)));
        words.into_iter().collect()
    }

    #[test]
    fn a_changed_line_names_itself_and_the_head_of_its_statement() {
        let after = BEFORE.replace("n int", "n int check (n > 0)");
        let words = changed(&after);
        assert!(words.contains(&"b".to_owned()) && !words.contains(&"a".to_owned()), "{words:?}");
        assert!(changed(BEFORE).is_empty());
    }

    #[test]
    fn a_comment_or_a_blank_line_changes_nothing() {
        assert!(changed(&format!("-- about a\n\n{BEFORE}")).is_empty());
        assert!(changed(&BEFORE.replace("  n int", "  -- of b\n  n int")).is_empty());
    }

    #[test]
    fn what_was_removed_counts_as_well() {
        assert!(changed("create table a (id int);\n").contains(&"b".to_owned()));
    }

    #[test]
    fn quoted_names_keep_their_case() {
        let words = changed(&format!("{BEFORE}alter table \"My Table\" add c int;\n"));
        assert!(words.contains(&"My Table".to_owned()), "{words:?}");
    }

    #[test]
    fn a_new_file_beside_a_migration_is_one() {
        let known = ["db/1.sql"].into();
        assert!(is_migration("db/2.sql", &known) && is_migration("db/1.sql", &known));
        assert!(!is_migration("db/README.md", &known) && !is_migration("other/1.sql", &known));
    }
}
