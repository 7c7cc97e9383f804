//! Every promise with what was tried of it.
//!
//! In: the listing of a report. Out: rows, grouped by the table, domain or enum.
//!
//! **Invariant:** every promise has an address; a mark is never without its words.

use super::address::{address, of_line, of_promise};
use crate::number::{counted, grouped};
use crate::terminal::visible;
use crate::{Clause, Owner, Promise, Report, State, Tried};

/// A table with its promises.
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) sum: String,
    pub(super) open: bool,
    pub(super) rows: Vec<Row>,
}

/// A promise.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) mark: &'static str,
    pub(super) state: &'static str,
    pub(super) open: bool,
    pub(super) name: String,
    /// Empty where the definition begins with it.
    pub(super) kind: &'static str,
    pub(super) definition: String,
    /// Clauses, and what became of each.
    pub(super) clauses: Vec<(String, String)>,
    pub(super) refused: String,
    pub(super) accepted: String,
    /// The address of the line that declares it, and the file's name with the line.
    pub(super) place: Option<(String, String)>,
}

pub(super) fn groups(report: &Report) -> Vec<Group> {
    let several = report.run.databases.len() > 1;
    report.listing.iter().map(|owner| group(owner, several)).collect()
}

fn group(owner: &Owner, several: bool) -> Group {
    let rows: Vec<Row> = owner.promises.iter().map(|one| row(&owner.database, one)).collect();
    let open = rows.iter().filter(|row| row.open).count() as u64;
    let all = counted(rows.len() as u64, "promise", "promises");
    let name = visible(&owner.name);
    Group {
        id: address("table", &[&owner.database, &owner.name]),
        name: if several { format!("{}: {name}", visible(&owner.database)) } else { name.into() },
        sum: if open == 0 { all } else { format!("{} of {all} open", grouped(open)) },
        open: open > 0,
        rows,
    }
}

fn row(database: &str, promise: &Promise) -> Row {
    let (mark, state, open) = words(promise.state);
    // The server breaks long expressions into lines.
    let lines = promise.definition.lines().map(str::trim);
    let definition = lines.collect::<Vec<_>>().join(" ");
    let is_told = definition.starts_with(promise.kind.heading());
    Row {
        id: of_promise(database, &promise.id),
        mark,
        state,
        open,
        name: visible(&promise.name).into(),
        kind: if is_told { "" } else { promise.kind.heading() },
        definition: visible(&definition).into(),
        clauses: promise.clauses.iter().map(clause).collect(),
        refused: tried(promise.refused.times, promise.refused.tests),
        accepted: tried(promise.accepted.times, promise.accepted.tests),
        place: promise.declared_at.as_deref().and_then(place).map(|(path, line)| {
            let file = path.rsplit('/').next().unwrap_or(path);
            (of_line(database, path, line), visible(&format!("{file}:{line}")).into())
        }),
    }
}

/// A clause, and what it was in how many tests.
fn clause(clause: &Clause) -> (String, String) {
    let tests = |what: &str, tried: &Tried| match tried.tests {
        0 => format!("{what} never"),
        tests => format!("{what} in {}", counted(tests, "test", "tests")),
    };
    let mut cells = vec![tests("true", &clause.as_true), tests("false", &clause.as_false)];
    cells.extend((clause.as_null.tests > 0).then(|| tests("unknown", &clause.as_null)));
    cells.extend(clause.at_bound.as_ref().map(|bound| tests("at its bound", bound)));
    (visible(&clause.text).into(), cells.join(", "))
}

/// `path:line`, taken apart.
pub(super) fn place(declared_at: &str) -> Option<(&str, usize)> {
    let (path, line) = declared_at.rsplit_once(':')?;
    Some((path, line.parse().ok()?))
}

fn tried(times: u64, tests: u64) -> String {
    match times {
        0 => "–".to_owned(),
        _ => format!("{} in {}", grouped(times), counted(tests, "test", "tests")),
    }
}

/// The mark of a state, its words, and whether it leaves something to try.
pub(super) fn words(state: State) -> (&'static str, &'static str, bool) {
    match state {
        State::Covered => ("✓", "refused and accepted", false),
        State::NeverRefused => ("·", "never refused", true),
        State::Masked => ("~", "refused by another", true),
        State::NeverAccepted => ("!", "never accepted", true),
        State::NeverTried => ("✗", "never tried", true),
        State::NotEnforced => ("–", "not enforced", false),
        State::Unattributable => ("–", "not named in refusals", false),
    }
}
