//! What to ask the rows that a test has left.
//!
//! In: a catalog. Out: per table, aggregates over its new rows: which columns hold something,
//! which states are stored, which moves a history holds, what CHECKs made of NULLs. Main type:
//! [`TableQuestions`].
//!
//! **Invariant**: an aggregate gives a word about all rows together. The only values it gives are
//! states.

use crate::catalog::Catalog;
use crate::name::{PromiseId, TableName, quote_identifier};
use crate::promise::PromiseKind;
use crate::states::{StateColumn, StateSource};
use crate::table::{Column, Table, TableKind};

/// The questions about one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableQuestions {
    /// The table, which may be a partition.
    pub table: TableName,
    /// What is asked, and the aggregate that answers: an expression of type text over the columns
    /// of the table.
    pub questions: Vec<(Question, String)>,
}

/// A question about the new rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Does one of them hold something in this column that is neither NULL nor its default?
    /// `true` or `false`.
    Column(String),
    /// Which states are in this column? A JSON list.
    States {
        /// The table that the column is declared on.
        table: TableName,
        /// The column.
        column: String,
    },
    /// Which moves do the rows of a history say? A JSON list of pairs.
    Moves {
        /// The foreign key onto the allowed moves, which tells the history.
        promise: PromiseId,
    },
    /// For how many is this CHECK true, and for how many is it unknown? Two numbers.
    Check(PromiseId),
}

impl Catalog {
    /// The questions about every table that holds rows.
    pub fn questions(&self) -> Vec<TableQuestions> {
        let holds_rows =
            |table: &&Table| !matches!(table.kind, TableKind::Partitioned | TableKind::Foreign);
        let asked = self.tables.iter().filter(holds_rows).map(|table| {
            let mut questions = Vec::new();
            questions.extend(table.columns.iter().filter_map(column));
            questions.extend(self.states(table));
            questions.extend(self.moves(table));
            questions.extend(self.checks(table));
            TableQuestions { table: table.name.clone(), questions }
        });
        asked.filter(|asked| !asked.questions.is_empty()).collect()
    }

    fn states<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = (Question, String)> + 'a {
        let of = |column: &&StateColumn| column.table == table.root || column.table == table.name;
        self.state_columns.iter().filter(of).map(|state| {
            let column = quote_identifier(&state.column);
            // Of a column that has no declared states there may be very many.
            let bound = if state.from == StateSource::Named { "[1:100]" } else { "" };
            let sql = format!(
                "array_to_json((array_agg(DISTINCT {column}::text) \
                 FILTER (WHERE {column} IS NOT NULL)){bound})::text"
            );
            let (table, column) = (state.table.clone(), state.column.clone());
            (Question::States { table, column }, sql)
        })
    }

    fn moves<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = (Question, String)> + 'a {
        let transitions = self.state_columns.iter().filter_map(|state| state.transitions.as_ref());
        let mut histories: Vec<_> = transitions
            .flat_map(|transitions| &transitions.histories)
            .filter(|history| history.table == table.root || history.table == table.name)
            .collect();
        histories.dedup_by(|a, b| a.promise == b.promise);
        histories.into_iter().map(|history| {
            let (from, to) = (quote_identifier(&history.from), quote_identifier(&history.to));
            let sql = format!(
                "(jsonb_agg(DISTINCT jsonb_build_array({from}::text, {to}::text)) \
                 FILTER (WHERE {from} IS NOT NULL AND {to} IS NOT NULL))::text"
            );
            (Question::Moves { promise: history.promise.clone() }, sql)
        })
    }

    fn checks<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = (Question, String)> + 'a {
        let nullable = |name: &String| {
            table.columns.iter().any(|column| column.name == *name && !column.not_null)
        };
        let promises = self.promises.iter().filter(move |promise| {
            promise.kind == PromiseKind::Check
                && promise.enforced
                && promise.columns.iter().any(nullable)
                && promise.evaluated_by_writes_to.contains(&table.name)
        });
        promises.filter_map(|promise| {
            let expression = promise.expression.as_ref()?;
            let sql = format!(
                "count(*) FILTER (WHERE {expression}) || ' ' || \
                 count(*) FILTER (WHERE ({expression}) IS NULL)"
            );
            Some((Question::Check(promise.id.clone()), sql))
        })
    }
}

/// Not asked of a column that the server fills, nor of one whose default is another value each
/// time: whether somebody wrote it cannot be seen.
fn column(column: &Column) -> Option<(Question, String)> {
    if !column.is_written_visibly() {
        return None;
    }
    let name = quote_identifier(&column.name);
    let sql = match &column.default {
        None => format!("coalesce(bool_or({name} IS NOT NULL), false)::text"),
        Some(default) => format!(
            "coalesce(bool_or({name} IS NOT NULL \
             AND {name}::text IS DISTINCT FROM ({default})::{}::text), false)::text",
            column.type_name
        ),
    };
    Some((Question::Column(column.name.clone()), sql))
}

impl Column {
    /// Whether a stored row shows that somebody wrote this column: it is not one that the server
    /// fills, and its default, if it has one, is always the same.
    pub fn is_written_visibly(&self) -> bool {
        let is_constant = |default: &str| {
            // A call, or one of the words that are calls without parentheses.
            !default.contains('(')
                && !default.to_ascii_uppercase().contains("CURRENT")
                && !default.to_ascii_uppercase().contains("LOCALTIME")
                && !default.to_ascii_uppercase().contains("USER")
        };
        self.generated.is_none()
            && self.identity.is_none()
            && self.default.as_deref().is_none_or(is_constant)
    }
}
