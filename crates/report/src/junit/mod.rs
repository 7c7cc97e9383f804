//! The run as JUnit XML, for the test pages of CI services.
//!
//! In: a report. Out: a suite with a case for each lease, and one with a case for each finding, as
//! Jenkins' schema of it has them (`junit-10.xsd`).
//!
//! **Invariant:** a case fails only where its holder said so, or where a finding counts; what the
//! suite printed is not known here and not made up.

use std::fmt::Write as _;

use crate::escape::markup;
use crate::number::counted;
use crate::{Finding, Held, Report, Severity};

/// The report as a JUnit document.
pub fn render(report: &Report) -> String {
    let name = markup(&report.run.command);
    let failed = report.held.iter().filter(|held| held.failed).count();
    let counting = report.findings.iter().filter(|finding| finding.counts()).count();
    let tests = report.held.len() + report.findings.len();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"{name}\" tests=\"{tests}\" failures=\"{}\" time=\"{}\">",
        failed + counting,
        seconds(report.run.command_ms.saturating_mul(1_000)),
    );
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\">",
        report.held.len()
    );
    for held in &report.held {
        lease(&mut xml, held);
    }
    xml.push_str("  </testsuite>\n");
    let skipped = report.findings.len() - counting;
    let _ = writeln!(
        xml,
        "  <testsuite name=\"proofmark findings\" tests=\"{}\" failures=\"{counting}\" \
         errors=\"0\" skipped=\"{skipped}\">",
        report.findings.len()
    );
    for finding in &report.findings {
        case(&mut xml, finding);
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// A holder's name ends in the test's own: `shop::orders::places` is `places` of `shop::orders`.
fn lease(xml: &mut String, held: &Held) {
    let (class, name) = held.test.rsplit_once("::").unwrap_or(("", &held.test));
    let class = if class.is_empty() { &held.database } else { class };
    let time = held.held_us().map_or(String::new(), |us| format!(" time=\"{}\"", seconds(us)));
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\"{time}",
        markup(class),
        markup(name)
    );
    if held.failed {
        let what = format!(
            "the test said that it failed; its database `{}` saw {} and refused {}",
            held.database,
            counted(held.statements, "statement", "statements"),
            held.refusals
        );
        let _ = writeln!(xml, ">\n      <failure message=\"{}\"/>\n    </testcase>", markup(&what));
    } else {
        xml.push_str("/>\n");
    }
}

fn case(xml: &mut String, finding: &Finding) {
    let _ = writeln!(
        xml,
        "    <testcase classname=\"proofmark.{}\" name=\"{}\">",
        markup(&finding.check),
        markup(&finding.subject)
    );
    if let Some(accepted) = &finding.accepted {
        let reason = format!("accepted: {}", accepted.reason);
        let _ = writeln!(xml, "      <skipped message=\"{}\"/>", markup(&reason));
    } else if finding.severity == Severity::Note {
        let _ = writeln!(xml, "      <skipped message=\"{}\"/>", markup(&finding.title));
    } else {
        let _ = writeln!(
            xml,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            markup(&finding.check),
            markup(&finding.title),
            evidence(finding)
        );
    }
    xml.push_str("    </testcase>\n");
}

fn evidence(finding: &Finding) -> String {
    let mut lines = vec![markup(&finding.label)];
    lines.extend(finding.declared.iter().map(|at| format!("{}:{}", markup(&at.path), at.line)));
    lines.extend(finding.notes.iter().map(|note| markup(note)));
    if let Some(suggestion) = &finding.suggestion {
        lines.push(format!("{}:", markup(&suggestion.title)));
        lines.push(crate::escape::markup_lines(&suggestion.sql));
    }
    lines.push(format!("accept it: {}", markup(&finding.accept)));
    lines.join("\n")
}

/// With as many digits as the schema allows.
fn seconds(us: u64) -> String {
    format!("{}.{:03}", us / 1_000_000, us % 1_000_000 / 1_000)
}
