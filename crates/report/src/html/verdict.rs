//! The head of the page: how it went, and why.
//!
//! In: a report. Out: a sign, a headline, and the reasons.
//!
//! **Invariant:** where nothing was observed no number is said; a verdict has a reason.

use crate::escape::{markup, prose};
use crate::number::{counted, duration, grouped};
use crate::{Outcome, Report};

/// How it went.
pub(super) struct Verdict {
    /// One word and its sign, so that colour is not needed: `passed`, `failed`.
    pub(super) word: &'static str,
    pub(super) sign: &'static str,
    pub(super) good: bool,
    /// The sentence in large letters.
    pub(super) headline: String,
    /// Sentences as HTML.
    pub(super) reasons: Vec<String>,
}

pub(super) fn verdict(report: &Report) -> Verdict {
    let (word, sign, good) = match report.outcome {
        Outcome::Passed if report.verdict.passed => ("Passed", "✓", true),
        Outcome::Passed | Outcome::InvariantBroken | Outcome::NotIsolated => {
            ("Gate failed", "✗", false)
        }
        Outcome::SuiteFailed => ("Suite failed", "✗", false),
        Outcome::NothingObserved => ("Nothing observed", "?", false),
        Outcome::CutOff => ("Cut off", "?", false),
    };
    Verdict { word, sign, good, headline: headline(report), reasons: reasons(report) }
}

fn headline(report: &Report) -> String {
    let total = report.total();
    if report.outcome == Outcome::NothingObserved {
        return format!(
            "No statement came through, so nothing is known about {}.",
            counted(total.promises, "promise", "promises")
        );
    }
    match (total.promises, total.promises - total.refused) {
        (0, _) => "The schema makes no promise that could be tried.".to_owned(),
        (all, 0) => {
            format!("All {} were refused at least once.", counted(all, "promise", "promises"))
        }
        (all, open) => format!(
            "{} of {} {} never refused.",
            grouped(open),
            counted(all, "promise", "promises"),
            if open == 1 { "was" } else { "were" }
        ),
    }
}

fn reasons(report: &Report) -> Vec<String> {
    let run = &report.run;
    let mut reasons = Vec::new();
    let time = duration(run.command_ms.saturating_mul(1_000));
    match (report.outcome, run.exit_code, run.signal) {
        (Outcome::CutOff, ..) => {
            reasons
                .push("The trace ends before the command did: what came after is not known".into());
        }
        (_, _, Some(signal)) => reasons.push(format!("The suite was ended by signal {signal}")),
        (_, Some(code), _) if code != 0 => {
            reasons.push(format!("The suite ended with exit code {code} after {time}"));
        }
        (_, Some(_), _) => reasons.push(format!("The suite passed in {time}")),
        (_, None, None) => reasons.push("The suite ended without saying how it went".into()),
    }
    for rule in &report.verdict.rules {
        let sign = if rule.passed { "✓" } else { "✗" };
        reasons.push(format!("{sign} {}", prose(&rule.sentence)));
    }
    for broken in &report.invariants.broken {
        let (name, test) = (markup(&broken.invariant), markup(&broken.test));
        reasons.push(match &broken.error {
            Some(error) => {
                format!("The invariant <code>{name}</code> could not be checked: {}", prose(error))
            }
            None => format!("The invariant <code>{name}</code> did not hold after <b>{test}</b>"),
        });
    }
    let differed = report.isolation.differed.len() as u64;
    if differed > 0 {
        reasons.push(format!(
            "{} not equal to the template after a test; it was replaced",
            if differed == 1 {
                "A database was".into()
            } else {
                format!("In {} places a database was", grouped(differed))
            },
        ));
    }
    reasons
}
