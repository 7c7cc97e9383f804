//! What has changed since another report.
//!
//! In: this report and the one of the base branch. Out: new and mended findings, promises that
//! came and went.
//!
//! **Invariant:** findings and promises are the same where their addresses are; a base of another
//! schema is compared by what both have.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::escape::{code, prose};
use crate::Report;
use crate::number::counted;

/// Rows of a list.
const ROWS_MAX: usize = 30;

pub(super) fn difference(report: &Report, base: &Report) -> String {
    let ids = |report: &Report| -> BTreeSet<String> {
        report.findings.iter().map(|finding| finding.id.clone()).collect()
    };
    let (now, before) = (ids(report), ids(base));
    let new = report.findings.iter().filter(|finding| !before.contains(&finding.id));
    let new: Vec<String> = new.map(|finding| prose(&finding.title)).collect();
    let mended = base.findings.iter().filter(|finding| !now.contains(&finding.id));
    let mended: Vec<String> = mended.map(|finding| code(&finding.subject)).collect();
    let (promises, earlier) = (promises(report), promises(base));
    let came: Vec<String> = promises.difference(&earlier).map(|(_, id)| code(id)).collect();
    let went: Vec<String> = earlier.difference(&promises).map(|(_, id)| code(id)).collect();
    let mut text = String::from("Since the base: ");
    if [&new, &mended, &came, &went].iter().all(|list| list.is_empty()) {
        text.push_str("nothing has changed.\n\n");
        return text;
    }
    let _ = writeln!(
        text,
        "{}, {} no longer there; {} came, {} went.\n",
        counted(new.len() as u64, "new finding", "new findings"),
        mended.len(),
        counted(came.len() as u64, "promise", "promises"),
        went.len()
    );
    for (title, rows) in [
        ("New findings", new),
        ("No longer there", mended),
        ("Promises that came", came),
        ("Promises that went", went),
    ] {
        text.push_str(&list(title, &rows));
    }
    text
}

fn promises(report: &Report) -> BTreeSet<(&str, &str)> {
    let owners = report.listing.iter();
    owners
        .flat_map(|owner| owner.promises.iter().map(|p| (owner.database.as_str(), p.id.as_str())))
        .collect()
}

fn list(title: &str, rows: &[String]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("<details><summary>{title}: {}</summary>\n\n", rows.len());
    for row in rows.iter().take(ROWS_MAX) {
        let _ = writeln!(text, "- {row}");
    }
    if rows.len() > ROWS_MAX {
        let _ = writeln!(text, "- and {} more", rows.len() - ROWS_MAX);
    }
    text + "\n</details>\n\n"
}
