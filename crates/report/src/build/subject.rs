//! One promise with all that is known about it, worded.
//!
//! In: a promise of the catalog and what was tried of it. Out: its row in the listing, and its
//! gap if it has one.
//!
//! **Invariant:** the words here are chosen by the state alone; numbers in them are those of the
//! coverage.

use proofmark_catalog::source::{Location, Migration};
use proofmark_catalog::{Promise as Declared, PromiseKind};
use proofmark_coverage::Group;

use super::excerpt::excerpt;
use crate::suggest::{Aim, Suggester};
use crate::{Gap, Kind, Promise, State, Tried};

/// What a database's promises are looked up in.
pub(super) struct Library<'a> {
    pub(super) database: &'a str,
    pub(super) migrations: &'a [Migration],
    pub(super) suggester: &'a Suggester<'a>,
}

/// A promise and what was tried of it.
pub(super) struct Subject<'a> {
    pub(super) promise: &'a Declared,
    /// Where it is declared; looked for once, because that reads all declarations.
    pub(super) place: Option<Location>,
    pub(super) state: State,
    pub(super) refused: Tried,
    pub(super) accepted: Tried,
    pub(super) masked: Tried,
    /// The names of the promises that refused instead.
    pub(super) masked_by: Vec<String>,
}

impl Subject<'_> {
    pub(super) fn listed(&self) -> Promise {
        let place = self.place.as_ref();
        Promise {
            id: self.promise.id.to_string(),
            name: name(self.promise),
            kind: Group::of(&self.promise.kind).into(),
            definition: self.promise.definition.clone(),
            declared_at: place.map(|place| format!("{}:{}", place.path, place.line)),
            state: self.state,
            refused: self.refused.clone(),
            accepted: self.accepted.clone(),
            masked: self.masked.clone(),
        }
    }

    /// The gap; `None` where the promise is covered, or can refuse nothing by name.
    pub(super) fn gap(&self, library: &Library<'_>) -> Option<Gap> {
        let check = check(self.state)?;
        let place = self.place.as_ref();
        let declared = place.and_then(|place| excerpt(library.migrations, place));
        let mut notes = self.notes();
        if declared.is_none() && !self.promise.definition.is_empty() {
            notes.push(format!("it is declared as {}", self.promise.definition));
        }
        let aim = match self.state {
            State::NeverAccepted => Aim::Accepted,
            _ => Aim::Refused,
        };
        Some(Gap {
            check: check.to_owned(),
            promise: self.promise.id.to_string(),
            database: library.database.to_owned(),
            kind: Group::of(&self.promise.kind).into(),
            owner: owner(self.promise),
            name: name(self.promise),
            title: self.title(),
            label: self.label(),
            declared,
            notes,
            suggestion: library.suggester.suggest(self.promise, aim),
        })
    }

    fn title(&self) -> String {
        let name = name(self.promise);
        match (self.state, &self.promise.kind) {
            (State::Masked, _) => {
                format!("whenever `{name}` was broken, another promise refused")
            }
            (State::NeverRefused, PromiseKind::NotNull { .. }) => {
                format!("no test tried to store a NULL in `{name}`")
            }
            (State::NeverAccepted, _) => format!("no row that keeps `{name}` was ever stored"),
            (State::NeverTried, _) => format!("`{name}` was never tried"),
            _ => format!("no test tried to break `{name}`"),
        }
    }

    fn label(&self) -> String {
        match self.state {
            State::Masked => "never refused by this name".to_owned(),
            State::NeverAccepted => {
                format!("refused {}, accepted nothing", times(self.refused.times))
            }
            State::NeverTried if self.promise.table.is_some() => {
                "no test stored a row in its table".to_owned()
            }
            State::NeverTried => "no test stored a value of it".to_owned(),
            _ => format!("accepted {}, refused none", rows(self.accepted.times)),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.masked.times > 0 {
            let by: Vec<String> = self.masked_by.iter().map(|name| format!("`{name}`")).collect();
            notes.push(format!("{} refused instead, in {}", by.join(", "), tests(&self.masked)));
        }
        if self.accepted.tests > 0 {
            notes.push(format!("rows came from {}", tests(&self.accepted)));
        }
        if self.state == State::NeverAccepted {
            notes.push(format!("the refusals came from {}", tests(&self.refused)));
        }
        if self.promise.kind == PromiseKind::ConstraintTrigger && self.refused.times == 0 {
            let name = name(self.promise);
            notes.push(format!(
                "a trigger is known by name only if it raises USING CONSTRAINT = '{name}'"
            ));
        }
        notes
    }
}

/// The check that reports a promise of this state.
fn check(state: State) -> Option<&'static str> {
    match state {
        State::Masked => Some("masked"),
        State::NeverRefused => Some("never-refused"),
        State::NeverTried => Some("never-tried"),
        State::NeverAccepted => Some("never-accepted"),
        State::Covered | State::NotEnforced | State::Unattributable => None,
    }
}

/// Where a gap comes in the report. First a test that is green for the wrong reason; then what
/// every row passes and nobody would miss; then what no test uses; then what only refuses. Of
/// equal ones the rarer kinds of promise last.
pub(super) fn rank(gap: &Gap) -> (usize, Kind) {
    let checks = ["masked", "never-refused", "never-tried", "never-accepted"];
    let check = checks.iter().position(|check| *check == gap.check).unwrap_or(checks.len());
    (check, gap.kind)
}

/// The name a person knows the promise by: its own, or its column's, or that of its type.
pub(super) fn name(promise: &Declared) -> String {
    let is_column = matches!(promise.kind, PromiseKind::NotNull { .. });
    let own = promise.name.as_ref().filter(|_| !is_column);
    own.or(promise.columns.first()).cloned().unwrap_or_else(|| owner(promise))
}

/// The table, domain or enum that declares it.
pub(super) fn owner(promise: &Declared) -> String {
    promise.owner().map(ToString::to_string).unwrap_or_default()
}

fn times(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}

fn rows(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

/// `orders::a`, `orders::a and orders::b`, or `37 tests, first orders::a`.
fn tests(tried: &Tried) -> String {
    let mut first = tried.first.iter().map(String::as_str);
    match (tried.tests, first.next(), first.next()) {
        (2, Some(one), Some(other)) => format!("{one} and {other}"),
        (0 | 1, Some(one), _) => one.to_owned(),
        (tests, Some(one), _) => format!("{tests} tests, first {one}"),
        (tests, None, _) => format!("{tests} tests"),
    }
}
