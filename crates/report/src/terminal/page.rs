//! The whole report on a terminal, in the order a person needs it.
//!
//! In: a report. Out: one text: the failed suite first, then what was never tried, then what
//! could not be attributed, and at the end, where the eye rests, the result and what to do next.
//!
//! **Invariant:** when all is well there is nothing above the summary.

use std::time::Duration;

use super::gaps::gaps;
use super::line::{Verb, line, toned, under};
use super::listing::listing;
use super::style::Tone;
use super::summary::{count, summary};
use super::visible;
use crate::{Outcome, Report};

/// Rows of a list that is not the page's subject.
const ROWS_MAX: usize = 5;

/// How to show a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether to use colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Show everything in full, however long.
    pub all: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { color: false, width: 100, all: false }
    }
}

/// The page, ending in a line feed.
pub fn render(report: &Report, options: &Options) -> String {
    let rule = Tone::Faint.paint(options.color, "────────────");
    let mut page = vec![rule.clone()];
    let above = [
        failed_suite(report, options).into_iter().chain(kept(report, options)).collect(),
        nothing_observed(report, options),
        differed(report, options),
        broken_invariants(report, options),
        known_gaps(report, options),
        unattributed(report, options),
        left(report, options),
        all_promises(report, options),
    ];
    for part in above {
        if part.is_empty() {
            continue;
        }
        let ends_empty = part.last().is_some_and(String::is_empty);
        page.extend(part);
        if !ends_empty {
            page.push(String::new());
        }
    }
    if page.len() > 1 {
        // The part above ends in an empty line; the rule takes its place.
        page.pop();
        page.push(rule);
    }
    page.extend(summary(report, options));
    page.extend(verdict(report, options));
    page.extend(report.notes.iter().map(|n| line(options.color, Verb::Note, None, &visible(n))));
    page.extend(next(report, options));
    page.join("\n") + "\n"
}

/// What the gate says, where it has rules: every rule that is broken, and what was accepted.
fn verdict(report: &Report, options: &Options) -> Vec<String> {
    let mut lines = Vec::new();
    let verdict = &report.verdict;
    if !verdict.rules.is_empty() {
        let kept = verdict.rules.iter().filter(|rule| rule.passed).count();
        let all = count(verdict.rules.len() as u64, "rule", "rules");
        let (word, tone) =
            if verdict.passed { ("passed", Tone::Good) } else { ("failed", Tone::Bad) };
        let text = format!("{word}: {kept} of {all} kept");
        lines.push(toned(options.color, Verb::Gate, tone, None, &text));
        for rule in verdict.rules.iter().filter(|rule| !rule.passed || options.all) {
            lines.push(under(&format!("{}: {}", rule.rule, visible(&rule.sentence))));
        }
    }
    let accepted = report.findings.iter().filter(|finding| finding.accepted.is_some()).count();
    if accepted > 0 {
        let text = format!("{} accepted", count(accepted as u64, "finding is", "findings are"));
        lines.push(line(options.color, Verb::Note, None, &text));
    }
    if !report.gone.is_empty() {
        let gone = count(report.gone.len() as u64, "accepted finding", "accepted findings");
        let text = format!("{gone} no longer there: proofmark review --prune");
        lines.push(line(options.color, Verb::Note, None, &text));
    }
    lines
}

/// The gaps; where nothing was observed they would only say so once more, for each promise.
fn known_gaps(report: &Report, options: &Options) -> Vec<String> {
    if report.outcome == Outcome::NothingObserved && !options.all {
        return Vec::new();
    }
    gaps(&report.findings, options).lines().map(str::to_owned).collect()
}

fn failed_suite(report: &Report, options: &Options) -> Vec<String> {
    let run = &report.run;
    let how = match (report.outcome, run.exit_code, run.signal) {
        (Outcome::CutOff, ..) => "was cut off: its trace ends before the command did".to_owned(),
        (_, _, Some(signal)) => format!("was ended by signal {signal}"),
        (_, Some(code), _) if code != 0 => format!("ended with exit code {code}"),
        (Outcome::SuiteFailed, None, None) => "ended without saying how it went".to_owned(),
        _ => return Vec::new(),
    };
    let time = Duration::from_millis(run.command_ms);
    let time = (report.outcome != Outcome::CutOff).then_some(time);
    let text = format!("`{}` {how}", visible(&run.command));
    vec![line(options.color, Verb::Failed, time, &text)]
}

/// Databases that were not equal to their template again.
fn differed(report: &Report, options: &Options) -> Vec<String> {
    let differed = &report.isolation.differed;
    let shown = shown(differed.len(), options);
    let mut lines = Vec::new();
    let mut test = None;
    for one in &differed[..shown] {
        if test != Some((&one.test, &one.database)) {
            test = Some((&one.test, &one.database));
            let (name, database) = (visible(&one.test), visible(&one.database));
            let text = format!("isolation: {database} differs from its template after {name}");
            lines.push(line(options.color, Verb::Broken, None, &text));
        }
        lines.push(under(&format!("{}: {}", visible(&one.what), visible(&one.detail))));
    }
    if shown < differed.len() {
        lines.push(under(&and_more(differed.len() - shown)));
    }
    if !lines.is_empty() {
        lines.push(under("it was replaced and reached no other test; please report it"));
    }
    lines
}

/// Invariants that a test left broken, with the rows.
fn broken_invariants(report: &Report, options: &Options) -> Vec<String> {
    let broken = &report.invariants.broken;
    let shown = shown(broken.len(), options);
    let mut lines = Vec::new();
    for one in &broken[..shown] {
        let (name, test) = (visible(&one.invariant), visible(&one.test));
        let text = match &one.error {
            Some(error) => format!("invariant {name} could not be checked: {}", visible(error)),
            None => format!("invariant {name} after {test}"),
        };
        lines.push(line(options.color, Verb::Broken, None, &text));
        if !one.must_hold.is_empty() {
            let must_hold = format!("must hold: {}", visible(&one.must_hold));
            lines.push(under(&Tone::Faint.paint(options.color, &must_hold)));
        }
        lines.extend(one.rows.iter().map(|row| under(&visible(row))));
        if one.more {
            lines.push(under("... and more rows"));
        }
    }
    if shown < broken.len() {
        lines.push(under(&and_more(broken.len() - shown)));
    }
    lines
}

/// Where to look at the databases of failed tests.
fn kept(report: &Report, options: &Options) -> Vec<String> {
    let mut lines = Vec::new();
    let shown = shown(report.kept.len(), options);
    for kept in &report.kept[..shown] {
        let text = format!(
            "the database of {}: proofmark psql {}",
            visible(&kept.test),
            visible(&kept.database)
        );
        lines.push(line(options.color, Verb::Kept, None, &text));
    }
    if shown < report.kept.len() {
        lines.push(under(&and_more(report.kept.len() - shown)));
    }
    lines
}

fn nothing_observed(report: &Report, options: &Options) -> Vec<String> {
    if report.outcome != Outcome::NothingObserved {
        return Vec::new();
    }
    let promises = count(report.figures.iter().map(|f| f.promises).sum(), "promise", "promises");
    let away: u64 = report.leases.turned_away.iter().map(|away| away.times).sum();
    let known = known_reason(report);
    let what = match (report.leases.sessions, away) {
        (0, 0) if known.is_some() => "the suite connected past its leases".to_owned(),
        (0, 0) => "the suite never connected through the proxy".to_owned(),
        (0, n) => format!("none of {} was let in", count(n, "connection", "connections")),
        (n, _) => format!("{} sent no statement", count(n, "connection", "connections")),
    };
    let text = format!("{what}; nothing is known about {promises}");
    let mut lines = vec![line(options.color, Verb::Nothing, None, &text)];
    if report.leases.sessions == 0 && away > 0 {
        for away in &report.leases.turned_away {
            let times = count(away.times, "time", "times");
            lines.push(under(&format!("{times}: {}", visible(&away.reason))));
        }
        return lines;
    }
    if let Some(reason) = known {
        lines.push(under(&visible(reason)));
        let remedy = "let the tests use the database of DATABASE_URL as it is: it is migrated";
        lines.push(under(&Tone::Faint.paint(options.color, remedy)));
        return lines;
    }
    lines.push(under("the most likely reasons:"));
    let reasons = [
        "the suite takes its database from elsewhere: a file, a constant, another variable",
        "the suite starts a database of its own, such as a container",
        "no test ran, or none of those that ran needs a database",
    ];
    let remedies = [
        "let it read DATABASE_URL, or name its variable as `env` of the database in proofmark.toml",
        "switch that off when DATABASE_URL is set",
        "run the command alone and count its tests",
    ];
    for (n, (reason, remedy)) in reasons.iter().zip(remedies).enumerate() {
        lines.push(under(&format!("{}. {reason}", n + 1)));
        let remedy = Tone::Faint.paint(options.color, &format!("   {remedy}"));
        lines.push(under(&remedy));
    }
    lines
}

/// Where the connections of the suite went, if that is known: what the finding says before the note
/// that it always has.
fn known_reason(report: &Report) -> Option<&str> {
    let finding = report.findings.iter().find(|finding| finding.check == "nothing-observed")?;
    let (_, known) = finding.notes.split_last()?;
    known.first().map(String::as_str)
}

fn unattributed(report: &Report, options: &Options) -> Vec<String> {
    if report.unattributed.is_empty() {
        return Vec::new();
    }
    let times: u64 = report.unattributed.iter().map(|refusal| refusal.times).sum();
    let text = format!(
        "{} for no promise",
        match times {
            1 => "1 refusal counts".to_owned(),
            times => format!("{times} refusals count"),
        }
    );
    let mut lines = vec![line(options.color, Verb::Note, None, &text)];
    let shown = shown(report.unattributed.len(), options);
    for refusal in &report.unattributed[..shown] {
        let why = visible(&refusal.why);
        lines.push(under(&format!("{:>4}  {}  {why}", refusal.times, visible(&refusal.sqlstate))));
        if let (true, Some(statement)) = (options.all, &refusal.statement) {
            let statement = Tone::Faint.paint(options.color, &visible(statement));
            lines.push(under(&format!("{:>4}  {statement}", "")));
        }
    }
    if shown < report.unattributed.len() {
        lines.push(under(&and_more(report.unattributed.len() - shown)));
    }
    lines
}

fn left(report: &Report, options: &Options) -> Vec<String> {
    let shown = shown(report.left.len(), options);
    let mut lines: Vec<String> = report.left[..shown]
        .iter()
        .map(|left| {
            let text = format!("{} {}", visible(&left.test), visible(&left.what));
            line(options.color, Verb::Left, None, &text)
        })
        .collect();
    if shown < report.left.len() {
        lines.push(under(&and_more(report.left.len() - shown)));
    }
    lines
}

fn all_promises(report: &Report, options: &Options) -> Vec<String> {
    if !options.all || report.listing.is_empty() {
        return Vec::new();
    }
    listing(report, options).lines().map(str::to_owned).collect()
}

fn next(report: &Report, options: &Options) -> Option<String> {
    let text = match report.outcome {
        Outcome::NothingObserved => "proofmark doctor",
        _ if report.findings.is_empty() || options.all => return None,
        _ => "proofmark report --all lists every promise",
    };
    Some(line(options.color, Verb::Next, None, text))
}

fn shown(rows: usize, options: &Options) -> usize {
    if options.all { rows } else { rows.min(ROWS_MAX) }
}

fn and_more(rows: usize) -> String {
    format!("... and {rows} more: proofmark report --all")
}
