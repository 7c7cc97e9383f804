//! A coverage as text, for snapshots.

use std::fmt::Write as _;

use proofmark_coverage::{Coverage, Tried};
use proofmark_trace::TestName;

/// One line per promise, per group and per unattributed refusal.
pub(crate) fn show(coverage: &Coverage) -> String {
    let mut lines = String::new();
    for database in &coverage.databases {
        for promise in &database.promises {
            let mut line = format!("{} {:?}", promise.promise, promise.state);
            tried(&mut line, "refused", &promise.refused);
            tried(&mut line, "accepted", &promise.accepted);
            tried(&mut line, "masked", &promise.masked);
            for by in &promise.masked_by {
                write!(line, " by {by}").expect("a String takes any text");
            }
            writeln!(lines, "{line}").expect("a String takes any text");
        }
        for left_out in &database.left_out {
            writeln!(lines, "{} left out: {:?}", left_out.promise, left_out.why)
                .expect("a String takes any text");
        }
    }
    for refusals in &coverage.unattributed {
        let named = refusals.named.as_deref().unwrap_or("-");
        let mut line = format!("{} {:?} {named}", refusals.sqlstate, refusals.reason);
        tried(&mut line, "refused", &refusals.tried);
        writeln!(lines, "{line}").expect("a String takes any text");
    }
    lines
}

/// The counts of each group.
pub(crate) fn counts(coverage: &Coverage) -> String {
    let mut lines = String::new();
    for summary in coverage.summaries() {
        writeln!(
            lines,
            "{:?}: {} promises, {} refused, {} accepted, {} both, {} masked, {} never",
            summary.group,
            summary.total,
            summary.refused,
            summary.accepted,
            summary.both,
            summary.masked,
            summary.never
        )
        .expect("a String takes any text");
    }
    lines
}

fn tried(line: &mut String, word: &str, tried: &Tried) {
    if tried.times > 0 {
        let named: Vec<_> = tried.tests.named.iter().map(TestName::as_str).collect();
        write!(line, " {word} {} in {}: {}", tried.times, tried.tests.total, named.join(" "))
            .expect("a String takes any text");
    }
}
