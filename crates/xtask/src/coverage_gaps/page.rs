//! The page: written from a report, and read back.
//!
//! In: a [`Report`], or the text of a page. Out: the text, or a [`Page`].
//!
//! **Invariant:** what [`text`] writes, [`Page::read`] reads without loss of what is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::report::{Promise, Report};

const OPENING: &str = "\
# What the tests of the shop try, and what they do not

Written by `cargo xtask coverage-gaps write` from the report of `proofmark run`; the gate `coverage-gaps` compares it with the run before every merge.
A promise is tried when the database refused a row by its name, and when it accepted one ([what a promise is](explanation/promises.md)).
Of several tests one is named.
";
const GAPS: &str = "## What no test tries";
const TRIED: &str = "## Which test tries what";
/// Stands where no test can be named.
const NOBODY: &str = "-";

/// The test to whom a promise refused something, and the one from whom it accepted something.
type Tests = (Option<String>, Option<String>);

/// What a page says, by the address of the promise.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Page {
    pub(super) gaps: BTreeSet<String>,
    pub(super) rows: BTreeMap<String, Tests>,
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut inside = "";
        for line in text.lines() {
            if line.starts_with("## ") {
                inside = line;
            }
            match inside {
                GAPS => page.gaps.extend(line.strip_prefix("- ").map(str::to_owned)),
                TRIED => page.rows.extend(row(line)),
                _ => {}
            }
        }
        page
    }
}

fn row(line: &str) -> Option<(String, Tests)> {
    let cells = line.strip_prefix("| `")?.strip_suffix(" |")?;
    let mut cells = cells.split(" | ").map(|cell| cell.trim_matches('`'));
    let mut next = || cells.next().map(str::to_owned);
    let promise = next()?;
    let mut test = || next().filter(|test| test != NOBODY);
    Some((promise, (test(), test())))
}

pub(super) fn text(report: &Report) -> String {
    let all = report.listing.iter().flat_map(|owner| &owner.promises);
    let covered = all.clone().filter(|promise| promise.state == "covered").count();
    let mut text = format!(
        "{OPENING}\n{covered} of {} promises were refused and accepted at least once.\n\n{GAPS}\n\n",
        all.count()
    );
    let gaps = gaps(report);
    if gaps.is_empty() {
        text +=
            "Nothing: every promise was tried, every state stored, every declared move taken.\n";
    }
    // Writing to a string cannot fail.
    for gap in gaps {
        let _ = writeln!(text, "- {gap}");
    }
    let _ = write!(text, "\n{TRIED}\n");
    for owner in report.listing.iter().filter(|owner| !owner.promises.is_empty()) {
        let _ = write!(
            text,
            "\n### {}\n\n| promise | refused to | accepted from |\n|---|---|---|\n",
            owner.name
        );
        for promise in &owner.promises {
            let test = |test: Option<&str>| {
                test.map_or_else(|| NOBODY.to_owned(), |test| format!("`{test}`"))
            };
            let (refused, accepted) = (test(promise.refused.test()), test(promise.accepted.test()));
            let _ = writeln!(text, "| `{}` | {refused} | {accepted} |", promise.id);
        }
    }
    text
}

fn gaps(report: &Report) -> Vec<String> {
    let promises = report.listing.iter().flat_map(|owner| &owner.promises);
    let mut gaps: Vec<String> =
        promises.filter(|promise| promise.state != "covered").map(gap).collect();
    for column in &report.states {
        let address = &column.address;
        let never = column.states.iter().filter(|state| state.declared && state.stored.times == 0);
        gaps.extend(never.map(|state| format!("`{address}`: `{}` is never stored", state.state)));
        let never = column.moves.iter().filter(|step| step.declared && step.taken.times == 0);
        gaps.extend(never.map(|step| {
            format!("`{address}`: the move from `{}` to `{}` is never taken", step.from, step.to)
        }));
    }
    gaps
}

fn gap(promise: &Promise) -> String {
    let state = promise.state.replace(['_', '-'], " ");
    let place = promise.declared_at.as_deref().unwrap_or("declared nowhere in the migrations");
    // The line moves with every edit above it.
    let file = place.rsplit_once(':').map_or(place, |(file, _)| file);
    format!("`{}` ({file}): {state}", promise.id)
}
