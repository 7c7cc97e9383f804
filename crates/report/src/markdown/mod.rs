//! The report as Markdown, for the page of a CI job or a comment on a change.
//!
//! In: a report, and the report of the base branch where there is one. Out: GitHub Flavored
//! Markdown with collapsible lists.
//!
//! **Invariant:** every name is in code, with each character that Markdown would obey spelled as
//! an entity; the page stays below what GitHub shows of a job's summary.

mod difference;
mod escape;

use std::fmt::Write as _;

use crate::number::{counted, duration, grouped, percent};
use crate::{Finding, Outcome, Report};

use difference::difference;
use escape::{code, prose};

/// Findings shown with their evidence.
const FULL_MAX: usize = 50;
/// Bytes of a job's summary (GitHub allows 1 MiB per step).
const BYTES_MAX: usize = 900_000;

/// The report as Markdown, ending in a line feed; with `base`, what has changed since.
pub fn render(report: &Report, base: Option<&Report>) -> String {
    let mut page = format!("## {}\n\n", headline(report));
    for rule in &report.verdict.rules {
        let sign = if rule.passed { "✓" } else { "✗" };
        let _ = writeln!(page, "- {sign} {}", prose(&rule.sentence));
    }
    if !report.verdict.rules.is_empty() {
        page.push('\n');
    }
    for note in &report.notes {
        let _ = writeln!(page, "> {}\n", prose(note));
    }
    if report.outcome == Outcome::NothingObserved {
        page.push_str("No statement of the suite came through: nothing is known.\n");
        return page;
    }
    page.push_str(&figures(report, base));
    if let Some(base) = base {
        page.push_str(&difference(report, base));
    }
    page.push_str(&findings(report));
    let _ = writeln!(
        page,
        "<sub>{} · PostgreSQL {} · {} · {}</sub>",
        code(&report.run.command),
        code(&report.run.server_version),
        counted(report.leases.count, "lease", "leases"),
        duration(report.run.command_ms.saturating_mul(1_000)),
    );
    page
}

fn headline(report: &Report) -> String {
    let total = report.total();
    let word = match report.outcome {
        _ if !report.verdict.passed => "✗ Gate failed",
        Outcome::Passed => "✓ Passed",
        Outcome::InvariantBroken | Outcome::NotIsolated => "✗ Gate failed",
        Outcome::SuiteFailed => "✗ Suite failed",
        Outcome::NothingObserved => return "? Nothing observed".to_owned(),
        Outcome::CutOff => "? Cut off",
    };
    let of = counted(total.promises, "promise", "promises");
    format!("{word}: {} of {of} refused", grouped(total.refused))
}

fn figures(report: &Report, base: Option<&Report>) -> String {
    let mut table = String::from(
        "| kind | refused | of | | accepted | never tried |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for figure in &report.figures {
        let before = base.and_then(|base| base.figures.iter().find(|b| b.kind == figure.kind));
        let change = before.map_or(String::new(), |before| change(figure.refused, before.refused));
        let share = percent(figure.refused, figure.promises)
            .filter(|_| figure.kind != crate::Kind::Enum)
            .map_or("–".to_owned(), |share| format!("{share} %"));
        let _ = writeln!(
            table,
            "| {} | {}{change} | {} | {share} | {} | {} |",
            figure.kind.heading(),
            grouped(figure.refused),
            grouped(figure.promises),
            grouped(figure.accepted),
            grouped(figure.never),
        );
    }
    table + "\n"
}

fn change(now: u64, before: u64) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Greater => format!(" (+{})", grouped(now - before)),
        std::cmp::Ordering::Less => format!(" (−{})", grouped(before - now)),
    }
}

fn findings(report: &Report) -> String {
    let mut page = String::new();
    let counting: Vec<&Finding> = report.findings.iter().filter(|f| f.accepted.is_none()).collect();
    if counting.is_empty() {
        return page;
    }
    let all = counted(counting.len() as u64, "finding", "findings");
    let _ = writeln!(page, "<details><summary>{all}</summary>\n");
    for (n, finding) in counting.iter().enumerate() {
        if page.len() > BYTES_MAX {
            let more = counted((counting.len() - n) as u64, "finding", "findings");
            let _ = writeln!(page, "\n{more} more: `proofmark report --all`");
            break;
        }
        page.push_str(&one(finding, n < FULL_MAX));
    }
    page.push_str("\n</details>\n\n");
    page
}

fn one(finding: &Finding, full: bool) -> String {
    let mut text = format!("- **{}** {}", code(&finding.check), prose(&finding.title));
    if let Some(at) = &finding.declared {
        let _ = write!(text, ", {}", code(&format!("{}:{}", at.path, at.line)));
    }
    text.push('\n');
    if !full {
        return text;
    }
    let _ = writeln!(text, "  <br>{}", prose(&finding.label));
    for note in &finding.notes {
        let _ = writeln!(text, "  <br>{}", prose(note));
    }
    if let Some(suggestion) = &finding.suggestion {
        let lines: Vec<String> = suggestion.sql.lines().map(code).collect();
        let _ = writeln!(text, "  <br>{}:<br>{}", prose(&suggestion.title), lines.join("<br>"));
    }
    text
}
