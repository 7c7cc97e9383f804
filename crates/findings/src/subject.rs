//! One promise with all that is known about it.
//!
//! In: a promise of the catalog and what was tried of it. Out: its names, and the finding that a
//! check words about it. Main type: [`Subject`].
//!
//! **Invariant:** numbers in words are those of the coverage; what is the matter with a promise is
//! the check's word.

use proofmark_catalog::source::Location;
use proofmark_catalog::{Promise as Declared, PromiseKind};

use crate::checks::Check;
use crate::excerpt::excerpt;
use crate::model::{Finding, Severity};
use crate::suggest::Aim;
use crate::{Database, Kind, State, Tried};

/// A promise and what was tried of it.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The promise.
    pub promise: &'a Declared,
    /// Where it is declared.
    pub place: Option<Location>,
    /// How many lines declare it; 0 where the place is not known.
    pub lines: usize,
    /// Whether the migrations leave its name to the server.
    pub unnamed: bool,
    /// What was tried, in one word.
    pub state: State,
    /// Refusals by its name.
    pub refused: Tried,
    /// Rows that it let pass.
    pub accepted: Tried,
    /// Rows that broke it, but were refused by another promise.
    pub masked: Tried,
    /// The names of the promises that refused instead.
    pub masked_by: Vec<String>,
}

/// What a check says of a promise.
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) label: String,
    pub(crate) notes: Vec<String>,
    /// What a suggested statement is to show, if one is wanted.
    pub(crate) aim: Option<Aim>,
}

impl Subject<'_> {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        Kind::of(&self.promise.kind)
    }

    /// The name a person knows it by: its own, or its column's, or that of its type.
    pub fn name(&self) -> String {
        name(self.promise)
    }

    /// The table, domain or enum that declares it.
    pub fn owner(&self) -> String {
        owner(self.promise)
    }

    /// The finding of a check, in its words.
    pub(crate) fn finding(&self, check: &Check, database: &Database<'_>, words: Words) -> Finding {
        let place = self.place.as_ref();
        let declared = place.and_then(|place| excerpt(database.migrations, place));
        let mut notes = words.notes;
        if declared.is_none() && !self.promise.definition.is_empty() {
            notes.push(format!("it is declared as {}", self.promise.definition));
        }
        let kind = self.kind();
        let mut finding = check.finding(Some(database.name), self.promise.id.as_str());
        // There are many of them, and each is a small promise.
        if kind == Kind::NotNull && finding.severity == Severity::Warning {
            finding.severity = Severity::Note;
        }
        Finding {
            kind: Some(kind),
            owner: self.owner(),
            name: self.name(),
            title: words.title,
            label: words.label,
            declared,
            notes,
            tests: self.tests(),
            suggestion: words.aim.and_then(|aim| database.suggester.suggest(self.promise, aim)),
            ..finding
        }
    }

    /// The tests to look at: those that came nearest to it.
    fn tests(&self) -> Vec<String> {
        let tried = [&self.masked, &self.refused, &self.accepted];
        tried.iter().find(|tried| tried.tests > 0).map_or_else(Vec::new, |t| t.first.clone())
    }

    /// What is known beside the state, in sentences that every check about promises gives.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.masked.times > 0 {
            let by: Vec<String> = self.masked_by.iter().map(|name| format!("`{name}`")).collect();
            notes.push(format!("{} refused instead, in {}", by.join(", "), tests(&self.masked)));
        }
        if self.accepted.tests > 0 {
            notes.push(format!("rows came from {}", tests(&self.accepted)));
        }
        if self.promise.kind == PromiseKind::ConstraintTrigger && self.refused.times == 0 {
            let name = self.name();
            notes.push(format!(
                "a trigger is known by name only if it raises USING CONSTRAINT = '{name}'"
            ));
        }
        notes
    }
}

/// The name a person knows the promise by: its own, or its column's, or that of its type.
pub(crate) fn name(promise: &Declared) -> String {
    let is_column = matches!(promise.kind, PromiseKind::NotNull { .. });
    let own = promise.name.as_ref().filter(|_| !is_column);
    own.or(promise.columns.first()).cloned().unwrap_or_else(|| owner(promise))
}

/// The table, domain or enum that declares it.
fn owner(promise: &Declared) -> String {
    promise.owner().map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn times(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}

pub(crate) fn rows(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

/// `orders::a`, `orders::a and orders::b`, or `37 tests, first orders::a`.
pub(crate) fn tests(tried: &Tried) -> String {
    let mut first = tried.first.iter().map(String::as_str);
    match (tried.tests, first.next(), first.next()) {
        (2, Some(one), Some(other)) => format!("{one} and {other}"),
        (0 | 1, Some(one), _) => one.to_owned(),
        (tests, Some(one), _) => format!("{tests} tests, first {one}"),
        (tests, None, _) => format!("{tests} tests"),
    }
}
