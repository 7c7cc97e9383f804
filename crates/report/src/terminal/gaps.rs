//! Shows what was never tried.
//!
//! In: the gaps of a report, the worst first. Out: a few in full, each with the line of the
//! migration in the look of cargo's own warnings; then one line each; then how many more.
//!
//! **Invariant:** without `all` the length is bounded whatever the schema's size, and what is
//! left out is counted.

use std::collections::BTreeSet;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::line::{Verb, line, under};
use super::style::Tone;
use super::{Options, visible};
use crate::{Excerpt, Finding, Kind, Severity};

/// Gaps shown in full; a screen holds about as many.
const IN_FULL_MAX: usize = 4;
/// Gaps shown as one line each after those.
const ROWS_MAX: usize = 12;
/// Tables shown in the group of NOT NULLs.
const TABLES_MAX: usize = 6;
/// What has a part of the page to itself.
const SHOWN_ELSEWHERE: [&str; 4] =
    ["nothing-observed", "invariant-broken", "not-isolated", "transaction-left-open"];
/// A declaration of more lines is marked on its first line only.
const MARKED_LINES_MAX: usize = 6;

/// The part of the page about gaps; empty where there are none.
pub(super) fn gaps(gaps: &[Finding], options: &Options) -> String {
    let shown = gaps.iter().filter(|finding| {
        finding.accepted.is_none() && !SHOWN_ELSEWHERE.contains(&&*finding.check)
    });
    let (not_nulls, others): (Vec<&Finding>, Vec<&Finding>) = shown.partition(|finding| {
        finding.kind == Some(Kind::NotNull) && finding.check == "never-refused"
    });
    let (notes, gaps): (Vec<&Finding>, Vec<&Finding>) = others.into_iter().partition(|finding| {
        finding.severity == Severity::Note && finding.kind != Some(Kind::NotNull)
    });
    let mut page = String::new();
    let (in_full, as_rows) = split(gaps, options);
    for gap in in_full {
        page.push_str(&in_full_text(gap, options));
        page.push('\n');
    }
    rows(&mut page, &as_rows, options);
    not_null_group(&mut page, &not_nulls, options);
    notes_group(&mut page, &notes, options);
    page
}

/// What is only worth to know: how many of each check, and where to read on.
fn notes_group(page: &mut String, notes: &[&Finding], options: &Options) {
    let mut checks: Vec<(&str, usize)> = Vec::new();
    for note in notes {
        match checks.iter_mut().find(|(check, _)| *check == note.check) {
            Some((_, number)) => *number += 1,
            None => checks.push((&note.check, 1)),
        }
    }
    if checks.is_empty() {
        return;
    }
    let counts: Vec<String> =
        checks.iter().map(|(check, number)| format!("{number} {check}")).collect();
    let room = options.width.saturating_sub(under("").len());
    for (n, text) in wrap("", &counts, room).iter().enumerate() {
        let text = text.trim_start();
        if n == 0 {
            push_line(page, &line(options.color, Verb::Note, None, text));
        } else {
            push_line(page, &under(text));
        }
    }
    if options.all {
        for note in notes {
            let text = format!("{}: {}", note.check, visible(&note.title));
            push_line(page, &under(&text));
        }
    }
    page.push('\n');
}

/// Chooses what is shown in full: the worst, but of several gaps that one table has in the same
/// check only the first, so that one untouched table does not fill the screen.
fn split<'a>(gaps: Vec<&'a Finding>, options: &Options) -> (Vec<&'a Finding>, Vec<&'a Finding>) {
    if options.all {
        return (gaps, Vec::new());
    }
    let mut shown = BTreeSet::new();
    gaps.into_iter().partition(|gap| {
        shown.len() < IN_FULL_MAX && shown.insert((&gap.check, &gap.database, &gap.owner))
    })
}

fn rows(page: &mut String, gaps: &[&Finding], options: &Options) {
    if gaps.is_empty() {
        return;
    }
    let shown = &gaps[..gaps.len().min(ROWS_MAX)];
    let check_columns = shown.iter().map(|gap| gap.check.len()).max().unwrap_or(0);
    for gap in shown {
        let place = gap.declared.as_ref().map(place).unwrap_or_default();
        let place = Tone::Faint.paint(options.color, &place);
        let text =
            format!("{:check_columns$}  {}  {place}", visible(&gap.check), visible(&gap.subject));
        push_line(page, &line(options.color, Verb::Gap, None, text.trim_end()));
    }
    if shown.len() < gaps.len() {
        let more = format!("... and {} more: proofmark report --all", gaps.len() - shown.len());
        push_line(page, &under(&more));
    }
    page.push('\n');
}

/// Where an excerpt's declaration stands, as `path:line`.
fn place(excerpt: &Excerpt) -> String {
    format!("{}:{}", visible(&excerpt.path), excerpt.line)
}

fn in_full_text(gap: &Finding, options: &Options) -> String {
    let title = visible(&gap.title);
    let label = visible(&gap.label);
    let check = visible(&gap.check);
    let source = gap.declared.as_ref().map(|excerpt| without_c1(&excerpt.text));
    let path = gap.declared.as_ref().map(|excerpt| visible(&excerpt.path));
    let notes: Vec<_> = gap.notes.iter().map(|note| visible(note)).collect();

    let mut group = Group::with_title(Level::WARNING.primary_title(&*title).id(&*check));
    if let (Some(excerpt), Some(source), Some(path)) = (&gap.declared, &source, &path) {
        let mut marked = AnnotationKind::Primary.span(marked_span(excerpt));
        let label_fits = label_fits(excerpt, &label, options);
        if label_fits {
            marked = marked.label(&*label);
        }
        let snippet = Snippet::source(source.as_str())
            .path(&**path)
            .line_start(excerpt.first_line)
            .annotation(marked);
        group = group.element(snippet);
        if !label_fits {
            group = group.element(Level::NOTE.message(&*label));
        }
    } else if !label.is_empty() {
        group = group.element(Level::NOTE.message(&*label));
    }
    for note in &notes {
        group = group.element(Level::NOTE.message(&**note));
    }
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(options.width);
    let mut text = renderer.render(&[group]) + "\n";
    if let Some(suggestion) = &gap.suggestion {
        let help = Tone::Heading.paint(options.color, "help");
        push_line(&mut text, &format!("{help}: {}", visible(&suggestion.title)));
        for sql in suggestion.sql.lines() {
            push_line(&mut text, &format!("    {}", visible(sql)));
        }
    }
    text
}

/// The bytes to mark: the declaration, or its first line where it is long.
fn marked_span(excerpt: &Excerpt) -> std::ops::Range<usize> {
    let end = excerpt.end.min(excerpt.text.len());
    let Some(declaration) = excerpt.text.get(excerpt.start..end) else { return 0..0 };
    let mut lines = declaration.split('\n');
    let first = lines.next().map_or(0, str::len);
    if lines.count() < MARKED_LINES_MAX {
        excerpt.start..end
    } else {
        excerpt.start..excerpt.start + first
    }
}

/// Whether the label has room behind the marked line; else it goes below.
fn label_fits(excerpt: &Excerpt, label: &str, options: &Options) -> bool {
    let span = marked_span(excerpt);
    let last_line = excerpt.text.get(..span.end).and_then(|text| text.lines().last());
    let number = (excerpt.first_line + excerpt.text.lines().count()).to_string();
    let margin = number.len() + " | ".len();
    let columns = last_line.map_or(0, |text| text.chars().count());
    margin + columns + 1 + label.chars().count() <= options.width
}

/// The renderer replaces the other control characters itself, but not those of C1, which some
/// terminals obey. The replacement has as many bytes, so that the marked span stays right.
fn without_c1(text: &str) -> String {
    text.chars().map(|c| if ('\u{80}'..='\u{9f}').contains(&c) { '¿' } else { c }).collect()
}

/// NOT NULLs are many and alike: one line per table.
fn not_null_group(page: &mut String, gaps: &[&Finding], options: &Options) {
    if gaps.is_empty() {
        return;
    }
    let mut tables: Vec<(&str, Vec<String>)> = Vec::new();
    for gap in gaps {
        let column = visible(&gap.name).into_owned();
        match tables.iter_mut().find(|(owner, _)| *owner == gap.owner) {
            Some((_, columns)) => columns.push(column),
            None => tables.push((&gap.owner, vec![column])),
        }
    }
    // The table with the most first; equal ones by name.
    tables.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(b.0)));
    let columns = if gaps.len() == 1 { "column was" } else { "columns were" };
    let text = format!("{} {columns} never refused a NULL", gaps.len());
    push_line(page, &line(options.color, Verb::Gap, None, &text));
    let shown = if options.all { tables.len() } else { tables.len().min(TABLES_MAX) };
    for (table, columns) in &tables[..shown] {
        let start = format!("{}: ", visible(table));
        let room = options.width.saturating_sub(under("").len());
        if options.all {
            for wrapped in wrap(&start, columns, room) {
                push_line(page, &under(&wrapped));
            }
        } else {
            push_line(page, &under(&cut(&start, columns, room)));
        }
    }
    if shown < tables.len() {
        let more = format!("... and {} more tables: proofmark report --all", tables.len() - shown);
        push_line(page, &under(&more));
    }
    page.push('\n');
}

/// `start` and then as many words as one line of `columns` holds, at least one.
fn cut(start: &str, words: &[String], columns: usize) -> String {
    let rest = |shown: usize| format!(" and {} more", words.len() - shown);
    let mut line = start.to_owned();
    for (n, word) in words.iter().enumerate() {
        let is_last = n + 1 == words.len();
        let comma = if n == 0 { "" } else { ", " };
        let reserved = if is_last { 0 } else { rest(n + 1).len() };
        let needs = line.chars().count() + comma.len() + word.chars().count() + reserved;
        if n > 0 && needs > columns {
            return line + &rest(n);
        }
        line.push_str(comma);
        line.push_str(word);
    }
    line
}

/// `start` and then the words with commas, broken before `columns`; later lines are indented.
fn wrap(start: &str, words: &[String], columns: usize) -> Vec<String> {
    let mut lines = vec![start.to_owned()];
    for (n, word) in words.iter().enumerate() {
        let comma = if n + 1 < words.len() { ", " } else { "" };
        let last = lines.last_mut().expect("it begins with one line");
        if n > 0 && last.trim_end().chars().count() + word.chars().count() + 1 > columns {
            last.truncate(last.trim_end().len());
            lines.push(format!("  {word}{comma}"));
        } else {
            last.push_str(word);
            last.push_str(comma);
        }
    }
    lines
}

fn push_line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}
