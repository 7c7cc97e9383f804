//! What the checks about moves between states share: they ask every move.
//!
//! In: a finished run. Out: findings, in the order of the declarations.
//!
//! **Invariant:** only columns whose moves are declared and can be seen are asked.

use proofmark_coverage::{MoveCoverage, MovesSeen};

use super::Check;
use crate::{Finding, Finished};

/// The moves that are `wrong`, with the title and the label that `words` gives for a move and the
/// address of its column.
pub(super) fn of(
    finished: &Finished<'_>,
    check: &Check,
    wrong: impl Fn(&MoveCoverage) -> bool,
    words: impl Fn(&MoveCoverage, &str) -> (String, String),
) -> Vec<Finding> {
    let mut found = Vec::new();
    for covered in &finished.coverage.databases {
        for column in &covered.transitions {
            if !column.moves_declared || column.moves_seen == MovesSeen::No {
                continue;
            }
            for one in column.moves.iter().filter(|one| wrong(one)) {
                let (title, label) = words(one, &column.address);
                let subject = format!("{}: {} -> {}", column.address, one.from, one.to);
                found.push(Finding {
                    owner: column.table.to_string(),
                    name: column.column.clone(),
                    title,
                    label,
                    ..check.finding(Some(&covered.database), &subject)
                });
            }
        }
    }
    found
}
