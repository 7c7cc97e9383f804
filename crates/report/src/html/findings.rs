//! The findings, the worst first, each with its evidence and what to paste.
//!
//! In: the findings of a report. Out: what the page shows of each.
//!
//! **Invariant:** the order is the report's. What is not shown in full is counted.

use std::collections::HashSet;

use super::address::{address, of_promise};
use crate::escape::{markup, prose};
use crate::terminal::visible;
use crate::{Excerpt, Finding, Kind, Outcome, Report, Severity};

/// Findings shown with their evidence; those after them are rows.
const FULL_MAX: usize = 200;
/// Findings shown at all; the JSON has every one.
const SHOWN_MAX: usize = 2_000;
/// Rows after the full ones that are inert together.
const INERT_TOGETHER: usize = 100;
/// Findings that are unfolded at first.
const UNFOLDED_MAX: usize = 5;

/// A finding.
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) severity: &'static str,
    pub(super) check: String,
    pub(super) unfolded: bool,
    /// Where it stands among rows that are inert together; none: it stands alone.
    pub(super) together: Option<Together>,
    /// HTML.
    pub(super) title: String,
    pub(super) place: String,
    pub(super) kind: &'static str,
    /// The promise's address on this page.
    pub(super) promise: Option<String>,
    pub(super) subject: String,
    /// Whether it asks for nothing.
    pub(super) quiet: bool,
    /// Why it was accepted.
    pub(super) reason: Option<String>,
    /// The command that accepts it.
    pub(super) accept: Option<String>,
    pub(super) lines: Vec<CodeLine>,
    pub(super) label: String,
    /// Sentences as HTML.
    pub(super) notes: Vec<String>,
    /// Title and statement.
    pub(super) suggestion: Option<(String, String)>,
}

impl Shown {
    /// Whether what is folded in it is inert by itself.
    pub(super) fn is_inert(&self) -> bool {
        !self.unfolded && self.together.is_none()
    }
}

/// A place among rows that are inert together.
#[derive(Clone, Copy)]
pub(super) struct Together {
    pub(super) first: bool,
    pub(super) last: bool,
}

/// A line of a declaration.
pub(super) struct CodeLine {
    pub(super) number: usize,
    /// Escaped HTML, the declaration in `<mark>`.
    pub(super) html: String,
}

/// All findings of a check.
pub(super) struct Sum {
    pub(super) check: String,
    pub(super) count: usize,
}

/// The findings to show, and how many more there are. Accepted ones come last.
pub(super) fn findings(report: &Report) -> (Vec<Shown>, usize) {
    if report.outcome == Outcome::NothingObserved {
        return (Vec::new(), 0);
    }
    let promises = addresses(report);
    let open = report.findings.iter().filter(|finding| finding.accepted.is_none());
    let accepted = report.findings.iter().filter(|finding| finding.accepted.is_some());
    let taken = open.chain(accepted).take(SHOWN_MAX).enumerate();
    let mut shown: Vec<Shown> = taken.map(|(n, finding)| shown(n, finding, &promises)).collect();
    for rows in shown.get_mut(FULL_MAX..).unwrap_or_default().chunks_mut(INERT_TOGETHER) {
        let last = rows.len() - 1;
        for (place, row) in rows.iter_mut().enumerate() {
            row.together = Some(Together { first: place == 0, last: place == last });
        }
    }
    let more = report.findings.len() - shown.len();
    (shown, more)
}

/// The promises that have a row on this page.
fn addresses(report: &Report) -> HashSet<(&str, &str)> {
    let owners = report.listing.iter();
    owners
        .flat_map(|owner| owner.promises.iter().map(|p| (owner.database.as_str(), p.id.as_str())))
        .collect()
}

/// How many findings each check has, in the order in which they come.
pub(super) fn sums(report: &Report) -> Vec<Sum> {
    let mut sums: Vec<Sum> = Vec::new();
    for finding in report.findings.iter().filter(|finding| finding.accepted.is_none()) {
        let check = visible(&finding.check);
        match sums.iter_mut().find(|sum| sum.check == check) {
            Some(sum) => sum.count += 1,
            None => sums.push(Sum { check: check.into(), count: 1 }),
        }
    }
    sums
}

fn shown(n: usize, finding: &Finding, promises: &HashSet<(&str, &str)>) -> Shown {
    let full = n < FULL_MAX;
    let place = finding.declared.as_ref().map(|at| format!("{}:{}", at.path, at.line));
    let database = finding.database.as_deref().unwrap_or_default();
    let known = promises.contains(&(database, finding.subject.as_str()));
    let accepted = finding.accepted.as_ref();
    Shown {
        id: address("finding", &[&finding.id]),
        severity: match (accepted, finding.severity) {
            (Some(_), _) => "accepted",
            (None, Severity::Error) => "error",
            (None, Severity::Warning) => "warning",
            (None, Severity::Note) => "note",
        },
        quiet: accepted.is_some() || finding.severity == Severity::Note,
        check: visible(&finding.check).into(),
        unfolded: n < UNFOLDED_MAX && accepted.is_none(),
        together: None,
        title: prose(&finding.title),
        place: visible(&place.unwrap_or_else(|| finding.owner.clone())).into(),
        kind: finding.kind.map_or("", Kind::heading),
        promise: known.then(|| of_promise(database, &finding.subject)),
        subject: visible(&finding.subject).into(),
        lines: finding.declared.as_ref().filter(|_| full).map(lines).unwrap_or_default(),
        label: visible(&finding.label).into(),
        notes: finding.notes.iter().filter(|_| full).map(|note| prose(note)).collect(),
        reason: accepted.map(|accepted| {
            let until =
                accepted.until.as_deref().map_or(String::new(), |u| format!(" (until {u})"));
            visible(&format!("{}{until}", accepted.reason)).into_owned()
        }),
        suggestion: finding
            .suggestion
            .as_ref()
            .filter(|_| full)
            .map(|suggestion| (visible(&suggestion.title).into(), pasted(&suggestion.sql))),
        accept: (full && accepted.is_none()).then(|| pasted(&finding.accept)),
    }
}

/// Text to paste: lines stay lines, everything else that could be obeyed is spelled out.
fn pasted(text: &str) -> String {
    let lines = text.lines().map(|line| visible(&line.replace('\t', "  ")).into_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// The lines of a declaration, with its span marked on each.
fn lines(excerpt: &Excerpt) -> Vec<CodeLine> {
    let mut from = 0;
    let mut lines = Vec::new();
    let indent = indent(&excerpt.text);
    for (n, whole) in excerpt.text.split_inclusive('\n').enumerate() {
        let text = whole.trim_end_matches(['\n', '\r']);
        let within = |at: usize| floor(text, at.saturating_sub(from).min(text.len()));
        let (start, end) = (within(excerpt.start), within(excerpt.end));
        // Blanks before a later line's declaration are not part of what is pointed at.
        let start = start + (text[start..end].len() - text[start..end].trim_start().len());
        let first = floor(text, indent.min(start));
        let part = |text: &str| markup(&text.replace('\t', "  "));
        let html = if start < end {
            let (before, marked, after) = (&text[first..start], &text[start..end], &text[end..]);
            format!("{}<mark>{}</mark>{}", part(before), part(marked), part(after))
        } else {
            part(text.get(indent..).unwrap_or_default())
        };
        lines.push(CodeLine { number: excerpt.first_line + n, html });
        from += whole.len();
    }
    lines
}

/// Blanks that every line begins with: they say nothing here.
fn indent(text: &str) -> usize {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or_default()
}

/// The nearest place at or before `at` that does not cut a character.
fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declaration_is_marked_on_each_of_its_lines() {
        let text = "  a int,\n  constraint <c>\n    check (é > 0)";
        let start = text.find("constraint").expect("it is there");
        let excerpt = Excerpt {
            path: "1.sql".to_owned(),
            first_line: 4,
            line: 5,
            text: text.to_owned(),
            start,
            end: text.len(),
        };
        let html: Vec<_> = lines(&excerpt).into_iter().map(|l| (l.number, l.html)).collect();
        assert_eq!(html[0], (4, "a int,".to_owned()));
        assert_eq!(html[1], (5, "<mark>constraint &lt;c&gt;</mark>".to_owned()));
        assert_eq!(html[2], (6, "  <mark>check (é &gt; 0)</mark>".to_owned()));
    }

    #[test]
    fn a_span_that_cuts_a_character_is_moved_to_its_beginning() {
        let excerpt = Excerpt {
            path: String::new(),
            first_line: 1,
            line: 1,
            text: "éé".to_owned(),
            start: 1,
            end: 3,
        };
        assert_eq!(lines(&excerpt)[0].html, "<mark>é</mark>é");
    }
}
