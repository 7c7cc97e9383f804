//! Promises as lines of the migration files, for every service and editor that shows coverage.
//!
//! In: a report. Out: an LCOV tracefile (geninfo(1), section "FILES").
//!
//! **Invariant:** a line counts as hit only by refusals: that rows pass a promise says nothing
//! about it. Promises that can refuse nothing by name are no lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::terminal::visible;
use crate::{Promise, Report, State};

/// The report as an LCOV tracefile.
pub fn render(report: &Report) -> String {
    let mut files: BTreeMap<&str, BTreeMap<usize, Vec<&Promise>>> = BTreeMap::new();
    for promise in report.listing.iter().flat_map(|owner| &owner.promises) {
        if matches!(promise.state, State::NotEnforced | State::Unattributable) {
            continue;
        }
        let place = promise.declared_at.as_deref().and_then(|at| at.rsplit_once(':'));
        if let Some((path, line)) = place
            && let Ok(line) = line.parse()
        {
            files.entry(path).or_default().entry(line).or_default().push(promise);
        }
    }
    let mut lcov = String::new();
    for (path, lines) in files {
        file(&mut lcov, path, &lines);
    }
    lcov
}

fn file(lcov: &mut String, path: &str, lines: &BTreeMap<usize, Vec<&Promise>>) {
    let _ = writeln!(lcov, "TN:proofmark\nSF:{}", visible(path));
    let promises = || lines.iter().flat_map(|(line, all)| all.iter().map(move |one| (line, one)));
    for (line, promise) in promises() {
        let _ = writeln!(lcov, "FN:{line},{}", name(promise));
    }
    for (_, promise) in promises() {
        let _ = writeln!(lcov, "FNDA:{},{}", promise.refused.times, name(promise));
    }
    let hit = promises().filter(|(_, promise)| promise.refused.times > 0).count();
    let _ = writeln!(lcov, "FNF:{}\nFNH:{hit}", promises().count());
    let mut lines_hit = 0;
    for (line, promises) in lines {
        // A line is as good as the worst of its promises.
        let times = promises.iter().map(|promise| promise.refused.times).min().unwrap_or_default();
        lines_hit += usize::from(times > 0);
        let _ = writeln!(lcov, "DA:{line},{times}");
    }
    let _ = writeln!(lcov, "LF:{}\nLH:{lines_hit}\nend_of_record", lines.len());
}

/// A comma would end the name for some readers.
fn name(promise: &Promise) -> String {
    visible(&promise.id).replace(',', "\\u{2c}")
}
