//! The figures for Prometheus' textfile collector.
//!
//! In: a report. Out: the text exposition format
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
//!
//! **Invariant:** labels are kinds, checks, severities and databases, never tests or promises: the
//! number of series does not grow with the suite.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::terminal::visible;
use crate::{Kind, Outcome, Report, Severity};

/// The report as metrics.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let passed = report.outcome == Outcome::Passed && report.verdict.passed;
    one(&mut text, "proofmark_passed", "Whether the suite and the gate passed.", u64::from(passed));
    family(&mut text, "proofmark_promises", "Promises of the schema, by kind and what was tried.");
    for figure in &report.figures {
        let states = [
            ("all", figure.promises),
            ("refused", figure.refused),
            ("accepted", figure.accepted),
            ("never", figure.never),
        ];
        for (state, value) in states {
            if figure.kind == Kind::Enum && state == "refused" {
                continue; // The server does not name an enum when it refuses.
            }
            let kind = figure.kind.heading().to_lowercase();
            sample(&mut text, "proofmark_promises", &[("kind", &kind), ("state", state)], value);
        }
    }
    family(&mut text, "proofmark_findings", "Findings by check and severity.");
    let mut findings: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let accepted = if finding.accepted.is_some() { "true" } else { "false" };
        *findings.entry((&finding.check, severity, accepted)).or_default() += 1;
    }
    for ((check, severity, accepted), count) in findings {
        let labels = [("check", check), ("severity", severity), ("accepted", accepted)];
        sample(&mut text, "proofmark_findings", &labels, count);
    }
    let invariants = &report.invariants;
    one(&mut text, "proofmark_invariants", "Invariants that are declared.", invariants.declared);
    let broken = invariants.broken.len() as u64;
    one(&mut text, "proofmark_invariants_broken", "Times one did not hold after a test.", broken);
    one(&mut text, "proofmark_leases", "Databases that were handed out.", report.leases.count);
    one(&mut text, "proofmark_statements", "Statements seen.", report.leases.statements);
    let name = "proofmark_lease_wait_seconds";
    family(&mut text, name, "Median and longest wait for a database.");
    let longest = report.leases.slowest.first().map_or(0, |slow| slow.wait_us);
    seconds(&mut text, name, &[("quantile", "0.5")], report.leases.median_us);
    seconds(&mut text, name, &[("quantile", "1")], longest);
    let name = "proofmark_suite_seconds";
    family(&mut text, name, "Wall time of the suite.");
    seconds(&mut text, name, &[], report.run.command_ms.saturating_mul(1_000));
    let name = "proofmark_started_timestamp_seconds";
    family(&mut text, name, "When the run started.");
    seconds(&mut text, name, &[], report.run.started_at_unix_ms.saturating_mul(1_000));
    text
}

fn one(text: &mut String, name: &str, help: &str, value: u64) {
    family(text, name, help);
    sample(text, name, &[], value);
}

fn family(text: &mut String, name: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
}

fn sample(text: &mut String, name: &str, labels: &[(&str, &str)], value: u64) {
    let _ = writeln!(text, "{name}{} {value}", braces(labels));
}

fn seconds(text: &mut String, name: &str, labels: &[(&str, &str)], us: u64) {
    let _ = writeln!(text, "{name}{} {}.{:06}", braces(labels), us / 1_000_000, us % 1_000_000);
}

fn braces(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let labels = labels.iter().map(|(name, value)| {
        let value = visible(value).replace('\\', r"\\").replace('"', "\\\"");
        format!("{name}=\"{value}\"")
    });
    format!("{{{}}}", labels.collect::<Vec<_>>().join(","))
}
