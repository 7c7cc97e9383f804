//! What ran, on what, and what was slow.
//!
//! In: a report. Out: the slowest tests and leases, and the facts of the environment.
//!
//! **Invariant:** a time is the proxy's own measurement; a test that has no end has no time.

use std::cmp::Reverse;

use crate::number::{counted, duration, grouped, moment};
use crate::terminal::visible;
use crate::{Held, Means, Report};

/// Rows of a list of slow things.
const SLOWEST_MAX: usize = 10;

/// A test that took long.
pub(super) struct Slow {
    pub(super) test: String,
    pub(super) time: String,
    /// Share of the slowest, in per cent.
    pub(super) percent: u64,
    pub(super) detail: String,
}

/// A fact: what, and its value.
pub(super) struct Fact {
    pub(super) what: &'static str,
    pub(super) value: String,
}

pub(super) fn slowest_tests(report: &Report) -> Vec<Slow> {
    let timed = report.held.iter().filter_map(|held| Some((held.held_us()?, held)));
    slowest(timed, |held| {
        let statements = counted(held.statements, "statement", "statements");
        let refused = match held.refusals {
            0 => String::new(),
            n => format!(", {} refused", grouped(n)),
        };
        format!("{statements}{refused}{}", if held.failed { ", failed" } else { "" })
    })
}

pub(super) fn slowest_leases(report: &Report) -> Vec<Slow> {
    slowest(report.held.iter().map(|held| (held.wait_us, held)), |held| {
        format!("{} into the run", duration(held.given_us))
    })
}

fn slowest<'a>(
    timed: impl Iterator<Item = (u64, &'a Held)>,
    detail: impl Fn(&Held) -> String,
) -> Vec<Slow> {
    let mut timed: Vec<_> = timed.collect();
    timed.sort_by_key(|(us, held)| (Reverse(*us), &held.test));
    let longest = timed.first().map_or(1, |(us, _)| (*us).max(1));
    let slow = timed.into_iter().take(SLOWEST_MAX);
    slow.map(|(us, held)| Slow {
        test: visible(&held.test).into(),
        time: duration(us),
        percent: us * 100 / longest,
        detail: detail(held),
    })
    .collect()
}

pub(super) fn environment(report: &Report) -> Vec<Fact> {
    let run = &report.run;
    let mut facts = vec![
        Fact { what: "Command", value: visible(&run.command).into() },
        Fact { what: "Started", value: moment(run.started_at_unix_ms) },
        Fact {
            what: "PostgreSQL",
            value: format!("{} ({})", visible(&run.server_version), visible(&run.server_origin)),
        },
        Fact { what: "Proofmark", value: visible(&run.proofmark).into() },
        Fact {
            what: if run.ids.len() == 1 { "Run" } else { "Runs" },
            value: visible(&run.ids.join(", ")).into(),
        },
    ];
    for database in &run.databases {
        let how = if database.reused {
            "reused".to_owned()
        } else {
            format!("built in {}", duration(database.ready_ms.saturating_mul(1_000)))
        };
        let value = format!("{}@{} ({how})", visible(&database.name), visible(&database.template));
        facts.push(Fact { what: "Template", value });
    }
    for in_use in &report.isolation.in_use {
        let why = in_use.why.as_deref().map_or(String::new(), |why| format!(" ({})", visible(why)));
        let value = format!("{} of {}{why}", visible(&in_use.isolation), visible(&in_use.database));
        facts.push(Fact { what: "Isolation", value });
    }
    for recognised in &report.leases.recognised_by {
        let by = match recognised.means {
            Means::Named => "named by the test itself",
            Means::TestEnvironment => "one per test, named by the runner",
            Means::WorkerEnvironment => "one per worker: its tests shared a database",
            Means::Process => "one per process: its tests shared a database",
            Means::Unknown => "one for all: nothing told the tests apart",
        };
        let value = format!("{}, {by}", counted(recognised.leases, "lease", "leases"));
        facts.push(Fact { what: "Leases", value });
    }
    facts
}
