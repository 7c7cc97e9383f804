//! The rules that a run must keep, and whether it does.
//!
//! In: findings, with the accepted ones marked, and what was tried. Out: a [`Verdict`]. Main
//! type: [`Gate`].
//!
//! **Invariant:** a rule that is not configured is not applied; a kind of promise that the schema
//! does not have passes.

use std::collections::BTreeMap;

use proofmark_coverage::Summary;
use proofmark_trace::Run;

use crate::{Baseline, Diff, Finding, Finished, Kind, RuleOutcome, State, Subject, Verdict};

/// The configured rules.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gate {
    /// At most so many findings that nobody has accepted, notes not counted.
    pub new_findings: Option<u64>,
    /// At least so many percent of the promises of a kind are refused by name.
    pub refused: BTreeMap<Kind, f64>,
    /// At least so many percent of the promises of a kind are accepted.
    pub accepted: BTreeMap<Kind, f64>,
    /// At least so many percent of the promises that a change touches are refused by name.
    pub changed: Option<f64>,
    /// The suite takes at most so long, in seconds.
    pub suite_s: Option<u64>,
}

/// Everything by which a finished run is judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// The configured rules.
    pub gate: Gate,
    /// What was accepted earlier.
    pub baseline: Baseline,
    /// The day on which acceptances must still hold, `2026-11-22`.
    pub today: String,
    /// The change that is judged, where one is named.
    pub diff: Option<Diff>,
}

/// What a run comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What all checks report, the worst first; accepted ones are marked.
    pub findings: Vec<Finding>,
    /// What the rules say of it.
    pub verdict: Verdict,
    /// Accepted findings that the run does not have, by id.
    pub gone: Vec<String>,
}

impl Rules {
    /// Applies every check, the baseline and the gate.
    pub fn judge(&self, finished: &Finished<'_>) -> Judged {
        let mut findings = finished.findings();
        self.baseline.apply(&mut findings, &self.today);
        let rules = [
            self.new_findings(&findings),
            self.percentages(finished),
            self.changed(finished),
            self.time(finished),
        ];
        Judged {
            verdict: Verdict::over(rules.into_iter().flatten().collect()),
            // Where nothing was observed, that a finding is not there says nothing.
            gone: if finished.coverage.observed_nothing() {
                Vec::new()
            } else {
                self.baseline.gone(&findings)
            },
            findings,
        }
    }

    fn new_findings(&self, findings: &[Finding]) -> Vec<RuleOutcome> {
        let Some(limit) = self.gate.new_findings else { return Vec::new() };
        let new: Vec<&Finding> = findings.iter().filter(|finding| finding.counts()).collect();
        let first = new.first().map(|first| format!(", first {}", first.id)).unwrap_or_default();
        let found = new.len() as u64;
        let word = if found == 1 { "finding is" } else { "findings are" };
        vec![RuleOutcome {
            rule: "new_findings".to_owned(),
            limit: limit.to_string(),
            actual: found.to_string(),
            passed: found <= limit,
            sentence: format!("{found} {word} new, at most {limit} may be{first}"),
        }]
    }

    fn percentages(&self, finished: &Finished<'_>) -> Vec<RuleOutcome> {
        type Count = fn(&Summary) -> u64;
        let summaries = finished.coverage.summaries();
        let summary = |kind: Kind| summaries.iter().find(|one| one.group == kind);
        let mut outcomes = Vec::new();
        let lists: [(&str, &BTreeMap<Kind, f64>, Count); 2] = [
            ("refused", &self.gate.refused, |summary| summary.refused),
            ("accepted", &self.gate.accepted, |summary| summary.accepted),
        ];
        for (what, limits, count) in lists {
            for (kind, limit) in limits {
                let Some(summary) = summary(*kind).filter(|one| one.total > 0) else { continue };
                let of = format!("{} promises", kind.heading());
                let part = Part { count: count(summary), total: summary.total };
                outcomes.push(part.at_least(*limit, &format!("{what}.{}", kind.word()), &of, what));
            }
        }
        outcomes
    }

    fn changed(&self, finished: &Finished<'_>) -> Vec<RuleOutcome> {
        let Some(diff) = &self.diff else { return Vec::new() };
        let mut part = Part { count: 0, total: 0 };
        let mut missing = Vec::new();
        for database in &finished.databases {
            for subject in database.subjects.iter().filter(|subject| is_touched(subject, diff)) {
                part.total += 1;
                if subject.refused.times > 0 {
                    part.count += 1;
                } else {
                    missing.push(subject.promise.id.as_str());
                }
            }
        }
        let of = format!("promises that the difference to {} touches", diff.base);
        let limit = self.gate.changed.unwrap_or(100.0);
        let mut outcome = part.at_least(limit, "changed", &of, "refused");
        if !outcome.passed && !missing.is_empty() {
            let more = if missing.len() > 10 { ", ..." } else { "" };
            missing.truncate(10);
            let never = format!("; never: {}{more}", missing.join(", "));
            outcome.sentence.push_str(&never);
        }
        vec![outcome]
    }

    fn time(&self, finished: &Finished<'_>) -> Vec<RuleOutcome> {
        let Some(limit) = self.gate.suite_s else { return Vec::new() };
        let ended = finished.trace.runs.iter().filter_map(Run::command_finished);
        let ms = ended.map(|command| command.elapsed_ms).max().unwrap_or_default();
        let actual = format!("{}.{}", ms / 1_000, ms % 1_000 / 100);
        vec![RuleOutcome {
            rule: "suite_s".to_owned(),
            limit: limit.to_string(),
            passed: ms <= limit.saturating_mul(1_000),
            sentence: format!("the suite took {actual} s, at most {limit} s are allowed"),
            actual,
        }]
    }
}

/// Whether the lines that declare a promise are touched. Only promises that can refuse by name,
/// and are more than a column's NOT NULL, are asked for.
fn is_touched(subject: &Subject<'_>, diff: &Diff) -> bool {
    let asked = subject.kind().counts() && subject.state != State::NotEnforced;
    asked
        && subject.place.as_ref().is_some_and(|place| {
            diff.touches(&place.path, &(place.line..=place.line + subject.lines.saturating_sub(1)))
        })
}

/// A count of a total.
#[derive(Clone, Copy)]
struct Part {
    count: u64,
    total: u64,
}

impl Part {
    fn at_least(self, limit: f64, rule: &str, of: &str, what: &str) -> RuleOutcome {
        let Self { count, total } = self;
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 constraints")]
        let percent = if total == 0 { 100.0 } else { count as f64 * 100.0 / total as f64 };
        // Rounded down: 199 of 200 are not 100 %.
        let shown = (percent * 10.0).floor() / 10.0;
        RuleOutcome {
            rule: rule.to_owned(),
            limit: format!("{limit} %"),
            actual: format!("{shown} %"),
            passed: percent >= limit,
            sentence: format!(
                "{count} of {total} {of} were {what}: {shown} %, at least {limit} % must be"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_rounded_down_and_has_its_denominator() {
        let outcome = Part { count: 199, total: 200 }.at_least(100.0, "changed", "promises", "x");
        assert!(!outcome.passed);
        assert_eq!(outcome.sentence, "199 of 200 promises were x: 99.5 %, at least 100 % must be");
        assert!(Part { count: 0, total: 0 }.at_least(100.0, "changed", "p", "x").passed);
        let third = Part { count: 2, total: 3 }.at_least(66.6, "refused.check", "p", "x");
        assert_eq!((third.passed, third.actual.as_str()), (true, "66.6 %"));
    }

    #[test]
    fn without_rules_everything_passes_and_no_rule_is_shown() {
        assert_eq!(Verdict::over(Vec::new()), Verdict { passed: true, rules: Vec::new() });
    }
}
