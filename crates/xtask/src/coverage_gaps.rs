//! `cargo xtask coverage-gaps`: which promise of the shop is tried by which test, and what is not.
//!
//! In: `target/proofmark/latest/report.json`, the report of the last `proofmark run`. Out: the page
//! `docs/test-coverage-gaps.md` with `write`; without it, every difference between the two.
//!
//! Which of several tests is named does not matter, since that may change from run to run: a page
//! is out of date if a promise, a state or a move is missing or has changed sides, or if a test
//! that it names is gone.
//!
//! **Invariant:** the report is the only source; nothing is known here of the shop or its tests.

mod page;
mod report;

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::Outcome;
use page::Page;
use report::Report;

const PAGE: &str = "docs/test-coverage-gaps.md";
const REPORT: &str = "target/proofmark/latest/report.json";
const HELP: &str = "help: cargo run --release -- run && cargo xtask coverage-gaps write";

/// Writes the page, or compares it.
pub(crate) fn run(root: &Path, arguments: &[String]) -> anyhow::Result<Outcome> {
    let Ok(text) = fs::read_to_string(root.join(REPORT)) else {
        return Ok(Outcome::Skipped(format!("no {REPORT}; first: cargo run --release -- run")));
    };
    let report: Report = serde_json::from_str(&text).context(REPORT)?;
    match arguments {
        [verb] if verb == "write" => {
            fs::write(root.join(PAGE), page::text(&report)).context(PAGE)?;
            Ok(Outcome::Clean)
        }
        [] => {
            let page = fs::read_to_string(root.join(PAGE)).unwrap_or_default();
            Ok(told(&differences(&Page::read(&page), &report)))
        }
        _ => anyhow::bail!("usage: cargo xtask coverage-gaps [write]"),
    }
}

#[expect(clippy::print_stdout, reason = "this is a command, and it talks to a person")]
fn told(differences: &[String]) -> Outcome {
    for difference in differences {
        println!("{PAGE}: {difference}");
    }
    if differences.is_empty() {
        Outcome::Clean
    } else {
        println!("{HELP}");
        Outcome::ToMend
    }
}

/// What the page says and the report does not, and the other way round.
fn differences(page: &Page, report: &Report) -> Vec<String> {
    let now = Page::read(&page::text(report));
    let mut found = Vec::new();
    for gap in now.gaps.difference(&page.gaps) {
        found.push(format!("no test tries this, which the page does not say: {gap}"));
    }
    for gap in page.gaps.difference(&now.gaps) {
        found.push(format!("no longer so: {gap}"));
    }
    for (promise, (refused, accepted)) in &now.rows {
        match page.rows.get(promise) {
            None => found.push(format!("is missing: {promise}")),
            Some((was_refused, was_accepted)) => {
                // A name where there was none, or none where there was one.
                if refused.is_some() != was_refused.is_some()
                    || accepted.is_some() != was_accepted.is_some()
                {
                    found.push(format!("has changed: {promise}"));
                }
            }
        }
    }
    let gone = page.rows.keys().filter(|promise| !now.rows.contains_key(*promise));
    found.extend(gone.map(|promise| format!("there is no such promise: {promise}")));
    let tests = report.tests();
    let named = page.rows.iter().flat_map(|(promise, (refused, accepted))| {
        [refused, accepted].into_iter().flatten().map(move |test| (promise, test))
    });
    let gone = named.filter(|(_, test)| !tests.contains(test.as_str()));
    found.extend(gone.map(|(promise, test)| format!("there is no such test: {test} ({promise})")));
    found
}

#[cfg(test)]
mod tests;
