//! The last lines of a report: what was used, what was tried, the result.
//!
//! In: a report. Out: lines with denominators; short where all is well.
//!
//! **Invariant:** no number stands without what it is a part of, and no number is printed where
//! nothing was observed.

use std::collections::BTreeSet;
use std::time::Duration;

use super::line::{Verb, line, toned, under};
use super::style::Tone;
use super::{Options, visible};
use crate::{Figure, Finding, Invariants, Isolation, Kind, Leases, Means, Outcome, Report};

/// From this wait on a lease is worth a line: PostgreSQL copies a small template in a tenth of it.
const SLOW_LEASE_US: u64 = 250_000;

/// Reasons and names in a line that is not the page's subject.
const REASONS_MAX: usize = 3;

/// The lines from the server to the result.
pub(super) fn summary(report: &Report, options: &Options) -> Vec<String> {
    let mut lines = setting(report, options);
    if report.outcome == Outcome::NothingObserved {
        return lines;
    }
    lines.extend(leases(&report.leases, options));
    lines.extend(isolation(&report.isolation, options));
    lines.extend(figures(report, options));
    lines.extend(invariants(report, options));
    lines.push(result(report, options));
    lines
}

fn setting(report: &Report, options: &Options) -> Vec<String> {
    let run = &report.run;
    let mut lines = Vec::new();
    if !run.server_version.is_empty() {
        let origin = visible(&run.server_origin);
        let origin = if origin.is_empty() { String::new() } else { format!(" ({origin})") };
        let text = format!("{}{origin}", visible(&run.server_version));
        lines.push(line(options.color, Verb::PostgreSql, None, &text));
    }
    let databases: Vec<String> = run
        .databases
        .iter()
        .map(|database| {
            let template = visible(database.template.get(..8).unwrap_or(&database.template));
            let how = if database.reused {
                "reused".to_owned()
            } else {
                format!("built in {}", duration(database.ready_ms * 1_000))
            };
            format!("{}@{template} ({how})", visible(&database.name))
        })
        .collect();
    if !databases.is_empty() {
        lines.push(line(options.color, Verb::Template, None, &databases.join(", ")));
    }
    lines
}

fn leases(leases: &Leases, options: &Options) -> Vec<String> {
    let slowest = leases.slowest.first().map_or(leases.median_us, |slow| slow.wait_us);
    let times = if leases.count > 1 {
        format!("median {}, slowest {}", duration(leases.median_us), duration(slowest))
    } else {
        format!("in {}", duration(leases.median_us))
    };
    let databases = count(leases.count, "database", "databases");
    let mut lines = Vec::new();
    let leased = |text: &str| line(options.color, Verb::Leased, None, text);
    match leases.recognised_by.as_slice() {
        [only] => {
            let (holder, remark) = holder(only.means);
            lines.push(leased(&format!("{databases}, one per {holder} ({times})")));
            lines.extend(remark.map(under));
        }
        several => {
            lines.push(leased(&format!("{databases} ({times})")));
            for by in several {
                let (holder, remark) = holder(by.means);
                let remark = remark.map(|remark| format!("; {remark}")).unwrap_or_default();
                lines.push(under(&format!("{}: one per {holder}{remark}", by.leases)));
            }
        }
    }
    lines.extend(slow_leases(leases, options));
    for away in &leases.turned_away {
        let times = count(away.times, "connection was", "connections were");
        let text = format!("{times} turned away: {}", visible(&away.reason));
        lines.push(line(options.color, Verb::Note, None, &text));
    }
    lines
}

/// What became of the databases, and whether that was proved.
fn isolation(isolation: &Isolation, options: &Options) -> Vec<String> {
    if isolation.in_use.is_empty() {
        return Vec::new();
    }
    let names: BTreeSet<&str> = isolation.in_use.iter().map(|one| one.isolation.as_str()).collect();
    let ends = [
        (isolation.untouched, "untouched"),
        (isolation.undone, "undone"),
        (isolation.replaced, "replaced"),
        (isolation.dropped, "dropped"),
        (isolation.kept, "kept"),
    ];
    let ends: Vec<String> =
        ends.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let names = visible(&names.into_iter().collect::<Vec<_>>().join(" and ")).into_owned();
    let mut text = if ends.is_empty() { names } else { format!("{names}: {}", ends.join(", ")) };
    if isolation.verified > 0 {
        let tests: BTreeSet<&str> = isolation.differed.iter().map(|d| d.test.as_str()).collect();
        let differed = match tests.len() {
            0 => "none differed".to_owned(),
            n => format!("after {} it differed", count(n as u64, "test", "tests")),
        };
        let verified = isolation.verified;
        text = format!("{text}; {verified} compared with the template: {differed}");
    }
    let tone =
        match (isolation.differed.is_empty(), isolation.in_use.iter().any(|i| i.why.is_some())) {
            (false, _) => Tone::Bad,
            (true, true) => Tone::Warning,
            (true, false) => Tone::Good,
        };
    let mut lines = vec![toned(options.color, Verb::Isolation, tone, None, &text)];
    for one in &isolation.in_use {
        lines.extend(one.why.iter().map(|why| {
            under(&format!(
                "{}: {} because {}",
                visible(&one.database),
                visible(&one.isolation),
                visible(why)
            ))
        }));
    }
    let shown = if options.all { usize::MAX } else { REASONS_MAX };
    for because in isolation.replaced_because.iter().take(shown) {
        let times = count(because.times, "was replaced", "were replaced");
        let first = visible(&because.first);
        lines.push(under(&format!("{times}: {} (first after {first})", visible(&because.why))));
    }
    lines.extend(
        isolation.setbacks.iter().take(shown).map(|setback| {
            under(&format!("could not be undone, so replaced: {}", visible(setback)))
        }),
    );
    lines.extend(direct(isolation, options));
    lines
}

/// Which tests went past the proxy.
fn direct(isolation: &Isolation, options: &Options) -> Option<String> {
    let direct = &isolation.direct;
    let shown = if options.all { direct.len() } else { direct.len().min(REASONS_MAX) };
    let names: Vec<String> =
        direct[..shown].iter().map(|name| visible(name).into_owned()).collect();
    let more = if shown < direct.len() { ", ..." } else { "" };
    let tests = count(direct.len() as u64, "test", "tests");
    let told = count(isolation.direct_refusals, "refusal was", "refusals were");
    let text = format!("{tests} on the direct lane, where {told} told: {}{more}", names.join(", "));
    (!direct.is_empty()).then(|| under(&text))
}

/// Whom a lease was for, and what to know where several tests shared it.
fn holder(means: Means) -> (&'static str, Option<&'static str>) {
    match means {
        Means::Named | Means::TestEnvironment => ("test", None),
        Means::WorkerEnvironment => ("worker", Some("tests of one worker shared a database")),
        Means::Process => ("process", Some("tests of one process shared a database")),
        Means::Unknown => ("database", Some("nothing told the tests apart, so they shared it")),
    }
}

fn slow_leases(leases: &Leases, options: &Options) -> Option<String> {
    let slow: Vec<String> = leases
        .slowest
        .iter()
        .filter(|slow| slow.wait_us >= SLOW_LEASE_US)
        .take(3)
        .map(|slow| format!("{} {}", duration(slow.wait_us), visible(&slow.test)))
        .collect();
    let text = slow.join(", ");
    (!slow.is_empty()).then(|| toned(options.color, Verb::Slowest, Tone::Warning, None, &text))
}

/// One line per kind where something is missing; one line for all where nothing is.
fn figures(report: &Report, options: &Options) -> Vec<String> {
    let has_gap = |kind: Kind| report.gaps().any(|gap| gap.kind == Some(kind));
    let shown: Vec<&Figure> =
        report.figures.iter().filter(|f| f.kind.counts() || has_gap(f.kind)).collect();
    if !shown.iter().any(|figure| figure.kind.counts() && has_gap(figure.kind)) {
        return Vec::new();
    }
    let digits = shown.iter().map(|f| f.promises.to_string().len()).max().unwrap_or(1);
    shown.into_iter().map(|figure| figure_line(figure, digits, options)).collect()
}

/// What was checked after every test; where something is broken, the page above says it.
fn invariants(report: &Report, options: &Options) -> Option<String> {
    let Invariants { declared, checked, except, broken } = &report.invariants;
    let after = count(report.leases.count, "lease", "leases");
    let text = match (declared, broken.len()) {
        (0, _) => return None,
        (_, 0) => format!("{declared}, checked {checked} times after {after}: none was broken"),
        (_, n) => {
            let times = count(n as u64, "time", "times");
            format!("{declared}, checked {checked} times after {after}: broken {times}")
        }
    };
    let text = match except.as_slice() {
        [] => text,
        names => format!("{text}; not asked of {}", visible(&names.join(", "))),
    };
    let tone = match (broken.is_empty(), checked) {
        (false, _) => Tone::Bad,
        (true, 0) => Tone::Warning,
        (true, _) => Tone::Good,
    };
    Some(toned(options.color, Verb::Invariants, tone, None, &text))
}

fn figure_line(figure: &Figure, digits: usize, options: &Options) -> String {
    let Figure { kind, promises, refused, accepted, never } = figure;
    // The server does not name the enum when it refuses a label.
    let is_named = *kind != Kind::Enum;
    let complete = (refused == promises || !is_named) && accepted == promises;
    let refused = if is_named { format!("{refused:>digits$} refused, ") } else { String::new() };
    let never = if *never > 0 { format!(", {never} never tried") } else { String::new() };
    let text = format!("{refused}{accepted:>digits$} accepted of {promises:>digits$}{never}");
    let tone = if complete { Tone::Good } else { Tone::Warning };
    toned(options.color, Verb::Kind(*kind), tone, None, &text)
}

fn result(report: &Report, options: &Options) -> String {
    let total = report.total();
    let counted = report
        .gaps()
        .filter(|gap| gap.accepted.is_none() && gap.kind.is_some_and(Kind::counts))
        .count();
    let strong = |text: String| Tone::Strong.paint(options.color, &text);
    let refused = if total.promises == 0 {
        "the schema makes no promise that could be refused".to_owned()
    } else if counted == 0 {
        let all = format!("all {} promises", total.promises);
        format!("{} were refused and accepted at least once", strong(all))
    } else {
        let refused = format!("{} of {}", total.refused, total.promises);
        let gaps = count(counted as u64, "gap", "gaps");
        format!("{} promises refused at least once, {gaps}", strong(refused))
    };
    let others = [Kind::NotNull, Kind::Enum].iter().filter_map(|kind| apart(report, *kind));
    let suite = match report.outcome {
        Outcome::SuiteFailed => Some("the suite failed".to_owned()),
        Outcome::CutOff => Some("the run was cut off".to_owned()),
        Outcome::InvariantBroken => {
            let broken = report.invariants.broken.len() as u64;
            Some(format!("{} broken", count(broken, "invariant", "invariants")))
        }
        Outcome::NotIsolated => {
            let tests: BTreeSet<&str> =
                report.isolation.differed.iter().map(|one| one.test.as_str()).collect();
            let databases = count(tests.len() as u64, "database", "databases");
            Some(format!("{databases} differed from the template"))
        }
        Outcome::Passed | Outcome::NothingObserved => None,
    };
    let parts: Vec<String> = std::iter::once(refused).chain(others).chain(suite).collect();
    let tone = match report.outcome {
        Outcome::SuiteFailed
        | Outcome::CutOff
        | Outcome::InvariantBroken
        | Outcome::NotIsolated => Tone::Bad,
        _ if counted > 0 => Tone::Warning,
        _ => Tone::Good,
    };
    let time = Duration::from_millis(report.run.command_ms);
    toned(options.color, Verb::Summary, tone, Some(time), &parts.join("; "))
}

/// The kinds that are counted apart, where something of them is missing.
fn apart(report: &Report, kind: Kind) -> Option<String> {
    let gaps: Vec<&Finding> = report.gaps().filter(|gap| gap.kind == Some(kind)).collect();
    let figure = report.figures.iter().find(|figure| figure.kind == kind)?;
    (!gaps.is_empty()).then(|| match kind {
        Kind::Enum => format!("{} of {} ENUM accepted", figure.accepted, figure.promises),
        _ => format!("{} of {} {}", figure.refused, figure.promises, kind.heading()),
    })
}

/// `1 gap`, `2 gaps`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// Microseconds with a unit that fits: `0.4 ms`, `11 ms`, `1.2 s`.
pub(super) fn duration(us: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
    let ms = us as f64 / 1_000.0;
    match us {
        0..=9_999 => format!("{ms:.1} ms"),
        10_000..=999_999 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1_000.0),
    }
}
