//! CHECKs that count what became of their clauses (deep mode).
//!
//! In: a catalog. Out: statements that declare each CHECK of a copy once more, with every clause
//! wrapped so that a sequence says whether it was true, false, unknown or at its bound. Sequences
//! are not rolled back: what they say survives ROLLBACK, `ON CONFLICT`, errors that somebody
//! swallows, and functions. Main type: [`CountedCheck`].
//!
//! A refusal stays what it was: the constraint's name, its place in the order of evaluation and the
//! text of the error do not change. A clause is evaluated twice.
//!
//! **Invariant**: a sequence is only ever advanced by a CHECK; what it stands for is its comment,
//! so that whoever reads it needs no list beside it.

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::clauses::{Clause, clauses};
use crate::literal::literal;
use crate::name::{PromiseId, TableName, quote_identifier};
use crate::promise::{Promise, PromiseKind};
use crate::table::TableKind;

/// The schema of everything that deep mode adds to a copy.
pub const COUNTING_SCHEMA: &str = "proofmark_deep";

/// A CHECK that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedCheck {
    /// The CHECK.
    pub promise: PromiseId,
    /// Statements that declare it so: the first that the server accepts, each in a transaction of
    /// its own. The later ones count less.
    pub attempts: Vec<String>,
}

/// What a clause was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cell {
    /// True.
    True,
    /// False.
    False,
    /// Unknown, because of a NULL.
    Null,
    /// Both its sides were equal.
    Bound,
    /// The server refused to have the whole CHECK counted.
    LeftOut,
}

impl Cell {
    fn word(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Null => "null",
            Self::Bound => "bound",
            Self::LeftOut => "left-out",
        }
    }

    fn of(word: &str) -> Option<Self> {
        let all = [Self::True, Self::False, Self::Null, Self::Bound, Self::LeftOut];
        all.into_iter().find(|cell| cell.word() == word)
    }
}

/// What the comment of a sequence says: a clause, counted from 0, and what it was.
pub fn counted_cell(comment: &str) -> Option<(PromiseId, u32, Cell)> {
    let mut parts = comment.splitn(3, ' ');
    let (cell, clause, promise) = (parts.next()?, parts.next()?, parts.next()?);
    Some((PromiseId::new(promise), clause.parse().ok()?, Cell::of(cell)?))
}

impl Catalog {
    /// The CHECKs of tables that can be made to count.
    pub fn counted_checks(&self) -> Vec<CountedCheck> {
        let foreign: BTreeSet<&TableName> = self
            .tables
            .iter()
            .filter(|table| table.kind == TableKind::Foreign)
            .map(|table| &table.name)
            .collect();
        let checks = self.promises.iter().filter(|promise| {
            promise.kind == PromiseKind::Check
                && promise.enforced
                && promise.table.as_ref().is_some_and(|table| !foreign.contains(table))
        });
        checks.enumerate().filter_map(|(number, promise)| self.counted(number, promise)).collect()
    }

    fn counted(&self, number: usize, promise: &Promise) -> Option<CountedCheck> {
        let condition = promise.expression.as_deref()?;
        let nullable = self.may_be_unknown(promise);
        let all = clauses(condition);
        let mut attempts = vec![attempt(number, promise, condition, &all, nullable)?];
        if all.iter().any(|clause| clause.bound.is_some()) {
            // Types with an order but without equality between the two sides.
            let mut unbound = all;
            for clause in &mut unbound {
                clause.bound = None;
            }
            attempts.push(attempt(number, promise, condition, &unbound, nullable)?);
        }
        Some(CountedCheck { promise: promise.id.clone(), attempts })
    }

    /// Whether a column of the CHECK may hold NULL.
    fn may_be_unknown(&self, promise: &Promise) -> bool {
        let table = promise.table.as_ref().and_then(|table| self.table(table));
        let holds_null = |name: &String| {
            table.is_none_or(|table| table.columns.iter().any(|c| c.name == *name && !c.not_null))
        };
        promise.columns.is_empty() || promise.columns.iter().any(holds_null)
    }
}

/// The statements that declare `promise` with its clauses wrapped, in one transaction.
fn attempt(
    number: usize,
    promise: &Promise,
    condition: &str,
    all: &[Clause<'_>],
    nullable: bool,
) -> Option<String> {
    let (mut sql, mut counted, mut copied) = (String::new(), String::new(), 0);
    for (place, clause) in all.iter().enumerate() {
        let mut sequence = |cell: Cell| {
            let name = format!("{COUNTING_SCHEMA}.c{number}_{place}_{}", cell.word());
            let comment = literal(&format!("{} {place} {}", cell.word(), promise.id));
            let created =
                format!("create sequence {name}; comment on sequence {name} is {comment}; ");
            sql.push_str(&created);
            format!("'{name}'::regclass")
        };
        let condition_of = clause.text;
        let (yes, no) = (sequence(Cell::True), sequence(Cell::False));
        let mut cells =
            format!("when {condition_of} then {yes} when not ({condition_of}) then {no}");
        if nullable {
            let unknown = sequence(Cell::Null);
            cells.push_str(" else ");
            cells.push_str(&unknown);
        }
        let mut counts = format!("nextval(case {cells} end) is distinct from 0");
        if let Some((left, right)) = clause.bound {
            let bound = sequence(Cell::Bound);
            let at_bound = format!(
                " and nextval(case when ({left}) = ({right}) then {bound} end) is distinct from 0"
            );
            counts.push_str(&at_bound);
        }
        counted.push_str(condition.get(copied..clause.span.start)?);
        let wrapped = format!("(case when {counts} then ({condition_of}) end)");
        counted.push_str(&wrapped);
        copied = clause.span.end;
    }
    counted.push_str(condition.get(copied..)?);
    let (table, name) =
        (promise.table.as_ref()?.to_sql(), quote_identifier(promise.name.as_ref()?));
    let declared = promise.definition.trim_end_matches(" NOT VALID");
    let heirs = if declared.ends_with(" NO INHERIT") { " no inherit" } else { "" };
    let valid = if promise.validated { "" } else { " not valid" };
    let declared_anew = format!(
        "alter table {table} drop constraint {name}, \
         add constraint {name} check ({counted}){heirs}{valid}"
    );
    sql.push_str(&declared_anew);
    Some(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_read_as_it_was_written() {
        let cell = counted_cell("bound 3 public.t.\"odd name\"");
        assert_eq!(cell, Some((PromiseId::new("public.t.\"odd name\""), 3, Cell::Bound)));
        assert_eq!(counted_cell("somebody's own remark"), None);
    }
}
