//! What one item of a table or domain declares: a column with its constraints, or a constraint.
//!
//! In: the tokens of the item. Out: what it declares, with spans. Main function: [`table_item`].
//!
//! **Invariant**: a span of something with a name covers that clause alone; of something without,
//! the whole item, so that the reader sees which column it is.

use std::ops::Range;

use super::cursor::Cursor;
use super::declared::{Form, What};
use super::token::Token;

/// What is declared, and its bytes.
pub(super) type Clause = (What, Range<usize>);

/// An item inside of `CREATE TABLE (...)` or behind `ALTER TABLE ... ADD`.
pub(super) fn table_item(item: &Cursor<'_>) -> Vec<Clause> {
    if item.see(&["LIKE"]) {
        return Vec::new();
    }
    if let Some(clauses) = table_constraint(item.clone()) {
        return clauses;
    }
    let mut rest = item.clone();
    match rest.identifier() {
        Some(column) => column_definition(item, &column, &rest),
        None => Vec::new(),
    }
}

/// A column: itself, and the constraints behind its type.
pub(super) fn column_definition(item: &Cursor<'_>, column: &str, rest: &Cursor<'_>) -> Vec<Clause> {
    let mut clauses = vec![(What::Column(column.to_owned()), item.span())];
    for piece in rest.cut_before(begins_constraint) {
        let mut clause = piece.clone();
        let name = clause.words(&["CONSTRAINT"]).then(|| clause.identifier()).flatten();
        let span = if name.is_some() { piece.span() } else { item.span() };
        let what = if clause.words(&["NOT", "NULL"]) {
            Some(What::NotNull(column.to_owned()))
        } else {
            constraint_of_column(clause, column).map(|unnamed| name.map_or(unnamed, What::Named))
        };
        clauses.extend(what.map(|what| (what, span)));
    }
    clauses
}

/// The constraints of a domain, behind its name.
pub(super) fn domain_constraints(domain: &Cursor<'_>, rest: &Cursor<'_>) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for piece in rest.cut_before(begins_constraint) {
        let mut clause = piece.clone();
        let name = clause.words(&["CONSTRAINT"]).then(|| clause.identifier()).flatten();
        let span = if name.is_some() { piece.span() } else { domain.span() };
        if clause.words(&["NOT", "NULL"]) {
            clauses.push((What::DomainNotNull, span));
        } else if let Some(unnamed) = constraint_of_column(clause, "value") {
            clauses.push((name.map_or(unnamed, What::Named), span));
        }
    }
    clauses
}

/// A constraint of the table, named or not; `None` if the item is a column.
fn table_constraint(item: Cursor<'_>) -> Option<Vec<Clause>> {
    let span = item.span();
    let mut rest = item;
    let name = if rest.words(&["CONSTRAINT"]) { Some(rest.identifier()?) } else { None };
    if rest.words(&["NOT", "NULL"]) {
        return Some(vec![(What::NotNull(rest.identifier()?), span)]);
    }
    let unnamed = constraint_of_table(rest);
    match (name, unnamed) {
        (Some(name), _) => Some(vec![(What::Named(name), span)]),
        (None, unnamed) => Some(vec![(unnamed?, span)]),
    }
}

fn constraint_of_table(mut rest: Cursor<'_>) -> Option<What> {
    let form = if rest.words(&["CHECK"]) {
        Form::Check
    } else if rest.words(&["UNIQUE"]) {
        Form::Unique
    } else if rest.words(&["PRIMARY", "KEY"]) {
        Form::PrimaryKey
    } else if rest.words(&["FOREIGN", "KEY"]) {
        Form::ForeignKey
    } else if rest.see(&["EXCLUDE", "USING"]) || rest.words(&["EXCLUDE"]) && rest.see_group() {
        Form::Exclude
    } else {
        return None;
    };
    rest.skip_to_group();
    let mentions = rest.group().map(|inside| inside.identifiers()).unwrap_or_default();
    Some(What::Unnamed { form, mentions })
}

fn constraint_of_column(mut rest: Cursor<'_>, column: &str) -> Option<What> {
    let of_column = || vec![column.to_owned()];
    let (form, mentions) = if rest.words(&["CHECK"]) {
        (Form::Check, rest.group()?.identifiers())
    } else if rest.words(&["UNIQUE"]) {
        (Form::Unique, of_column())
    } else if rest.words(&["PRIMARY", "KEY"]) {
        (Form::PrimaryKey, of_column())
    } else if rest.words(&["REFERENCES"]) {
        (Form::ForeignKey, of_column())
    } else {
        return None;
    };
    Some(What::Unnamed { form, mentions })
}

/// Whether a constraint of a column begins at this token. `SET NULL`, `SET DEFAULT`,
/// `NOT DEFERRABLE`, `NULLS NOT DISTINCT` and the like belong to the one before, and what stands
/// behind `CONSTRAINT name` to that.
fn begins_constraint(sql: &str, tokens: &[Token], at: usize) -> bool {
    let is = |place: Option<usize>, word: &str| {
        place.and_then(|place| tokens.get(place)).is_some_and(|token| token.is(sql, word))
    };
    let here = |word: &str| is(Some(at), word);
    let before = |word: &str| is(at.checked_sub(1), word);
    if here("CONSTRAINT") {
        return true;
    }
    if is(at.checked_sub(2), "CONSTRAINT") {
        return false;
    }
    ["CHECK", "UNIQUE", "PRIMARY", "REFERENCES", "GENERATED", "COLLATE"].into_iter().any(here)
        || here("NOT") && is(Some(at + 1), "NULL")
        || here("NULL") && !before("NOT") && !before("SET")
        || here("DEFAULT") && !before("SET")
}
