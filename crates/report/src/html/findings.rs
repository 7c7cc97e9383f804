//! The findings, the worst first, each with its evidence and what to paste.
//!
//! In: the gaps of a report. Out: what the page shows of each.
//!
//! **Invariant:** the order is the report's. What is not shown in full is counted.

use super::address::{address, of_promise};
use crate::escape::{markup, prose};
use crate::terminal::visible;
use crate::{Excerpt, Gap, Outcome, Report};

/// Findings shown with their evidence; those after them are rows.
const FULL_MAX: usize = 200;
/// Findings shown at all; the JSON has every one.
const SHOWN_MAX: usize = 2_000;
/// Findings that are unfolded at first.
const UNFOLDED_MAX: usize = 5;

/// A finding.
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) severity: &'static str,
    pub(super) check: String,
    pub(super) unfolded: bool,
    /// HTML.
    pub(super) title: String,
    pub(super) place: String,
    pub(super) kind: &'static str,
    /// The promise's address on this page, and its name.
    pub(super) promise: Option<(String, String)>,
    pub(super) lines: Vec<CodeLine>,
    pub(super) label: String,
    /// Sentences as HTML.
    pub(super) notes: Vec<String>,
    /// Title and statement.
    pub(super) suggestion: Option<(String, String)>,
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

/// The findings to show, and how many more there are.
pub(super) fn findings(report: &Report) -> (Vec<Shown>, usize) {
    if report.outcome == Outcome::NothingObserved {
        return (Vec::new(), 0);
    }
    let gaps = report.gaps.iter().take(SHOWN_MAX);
    let shown: Vec<Shown> = gaps.enumerate().map(|(n, gap)| shown(n, gap)).collect();
    let more = report.gaps.len() - shown.len();
    (shown, more)
}

/// How many findings each check has, in the order in which they come.
pub(super) fn sums(report: &Report) -> Vec<Sum> {
    let mut sums: Vec<Sum> = Vec::new();
    for gap in &report.gaps {
        match sums.iter_mut().find(|sum| sum.check == gap.check) {
            Some(sum) => sum.count += 1,
            None => sums.push(Sum { check: visible(&gap.check).into(), count: 1 }),
        }
    }
    sums
}

fn shown(n: usize, gap: &Gap) -> Shown {
    let full = n < FULL_MAX;
    let place = gap.declared.as_ref().map(|at| format!("{}:{}", at.path, at.line));
    Shown {
        id: address("finding", &[&gap.check, &gap.database, &gap.promise]),
        severity: "warning",
        check: visible(&gap.check).into(),
        unfolded: n < UNFOLDED_MAX,
        title: prose(&gap.title),
        place: visible(&place.unwrap_or_else(|| gap.owner.clone())).into(),
        kind: gap.kind.heading(),
        promise: Some((of_promise(&gap.database, &gap.promise), visible(&gap.promise).into())),
        lines: gap.declared.as_ref().filter(|_| full).map(lines).unwrap_or_default(),
        label: visible(&gap.label).into(),
        notes: gap.notes.iter().filter(|_| full).map(|note| prose(note)).collect(),
        suggestion: gap.suggestion.as_ref().filter(|_| full).map(|suggestion| {
            let sql = suggestion.sql.lines().map(|line| visible(&line.replace('\t', "  ")).into_owned());
            (visible(&suggestion.title).into(), sql.collect::<Vec<_>>().join("\n"))
        }),
    }
}

/// The lines of a declaration, with its span marked on each.
fn lines(excerpt: &Excerpt) -> Vec<CodeLine> {
    let mut from = 0;
    let mut lines = Vec::new();
    for (n, whole) in excerpt.text.split_inclusive('\n').enumerate() {
        let text = whole.trim_end_matches(['\n', '\r']);
        let within = |at: usize| floor(text, at.saturating_sub(from).min(text.len()));
        let (start, end) = (within(excerpt.start), within(excerpt.end));
        // Blanks before a later line's declaration are not part of what is pointed at.
        let start = start + (text[start..end].len() - text[start..end].trim_start().len());
        let part = |text: &str| markup(&text.replace('\t', "  "));
        let html = if start < end {
            let (before, marked, after) = (&text[..start], &text[start..end], &text[end..]);
            format!("{}<mark>{}</mark>{}", part(before), part(marked), part(after))
        } else {
            part(text)
        };
        lines.push(CodeLine { number: excerpt.first_line + n, html });
        from += whole.len();
    }
    lines
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
        assert_eq!(html[0], (4, "  a int,".to_owned()));
        assert_eq!(html[1], (5, "  <mark>constraint &lt;c&gt;</mark>".to_owned()));
        assert_eq!(html[2], (6, "    <mark>check (é &gt; 0)</mark>".to_owned()));
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
