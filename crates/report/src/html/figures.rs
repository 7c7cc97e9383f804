//! The numbers, each with what it is a number of.
//!
//! In: a report. Out: the row of large figures and the table by kind.
//!
//! **Invariant:** no number stands without its denominator or its unit.

use crate::number::{counted, duration, grouped, percent};
use crate::{Outcome, Report, StateColumn};

/// One large figure.
pub(super) struct Large {
    pub(super) value: String,
    /// What the value is of: `/ 617`; empty where it has a unit.
    pub(super) of: String,
    pub(super) what: String,
    pub(super) detail: String,
}

/// One row of the table.
pub(super) struct Row {
    pub(super) kind: &'static str,
    pub(super) promises: String,
    pub(super) refused: String,
    pub(super) accepted: String,
    pub(super) never: String,
    /// Share that was refused, in per cent, for the bar; the text beside it says it as well.
    pub(super) percent: u64,
    pub(super) open: bool,
}

pub(super) fn large(report: &Report) -> Vec<Large> {
    if report.outcome == Outcome::NothingObserved {
        return Vec::new();
    }
    let total = report.total();
    let share = |part| percent(part, total.promises).map_or(String::new(), |p| format!("{p} %"));
    let of = |what, part| Large {
        value: grouped(part),
        of: format!("/ {}", grouped(total.promises)),
        what,
        detail: share(part),
    };
    let mut figures = vec![
        of("promises refused".to_owned(), total.refused),
        of("promises accepted".to_owned(), total.accepted),
    ];
    let moves = report.states.iter().filter_map(StateColumn::taken);
    let (taken, all) = moves.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    if all > 0 {
        figures.push(Large {
            value: grouped(taken),
            of: format!("/ {}", grouped(all)),
            what: "transitions taken".to_owned(),
            detail: percent(taken, all).map_or(String::new(), |share| format!("{share} %")),
        });
    }
    let invariants = &report.invariants;
    if invariants.declared > 0 {
        figures.push(Large {
            value: grouped(invariants.declared.saturating_sub(distinct_broken(report))),
            of: format!("/ {}", grouped(invariants.declared)),
            what: "invariants held".to_owned(),
            detail: format!("checked {}", counted(invariants.checked, "time", "times")),
        });
    }
    figures.push(Large {
        value: duration(report.leases.median_us),
        of: String::new(),
        what: "to a database".to_owned(),
        detail: format!("median of {}", counted(report.leases.count, "lease", "leases")),
    });
    figures.push(Large {
        value: duration(report.run.command_ms.saturating_mul(1_000)),
        of: String::new(),
        what: "suite".to_owned(),
        detail: counted(report.leases.statements, "statement", "statements"),
    });
    figures
}

fn distinct_broken(report: &Report) -> u64 {
    let mut names: Vec<(&str, &str)> = (report.invariants.broken.iter())
        .map(|broken| (broken.database.as_str(), broken.invariant.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    names.len() as u64
}

pub(super) fn rows(report: &Report) -> Vec<Row> {
    let figures = report.figures.iter().filter(|figure| figure.promises > 0);
    figures
        .map(|figure| Row {
            kind: figure.kind.heading(),
            promises: grouped(figure.promises),
            refused: match figure.kind {
                // The server does not name an enum when it refuses.
                crate::Kind::Enum => "–".to_owned(),
                _ => grouped(figure.refused),
            },
            accepted: grouped(figure.accepted),
            never: grouped(figure.never),
            percent: percent(figure.refused, figure.promises).unwrap_or_default(),
            open: figure.refused < figure.promises && figure.kind != crate::Kind::Enum,
        })
        .collect()
}
