//! Tables of allowed moves.
//!
//! In: foreign keys, and the rows of such tables. Out: which table allows which moves between the
//! states of an enum or of a table of states. Main type: [`Moves`].
//!
//! **Invariant**: a table is one of moves only if a history refers to its key, which is a pair of
//! states of one kind.

use tokio_postgres::Error;

use super::Server;
use super::states::Declared;
use crate::name::{TableName, quote_identifier};
use crate::promise::Promise;
use crate::states::{History, StateSource, Transitions};

/// A table with more rows is not a list of moves.
const MOVES_MAX: usize = 2_000;

/// All tables of moves.
pub(super) struct Moves<'a>(Vec<Pair<'a>>);

/// A table of moves and a foreign key onto its pair.
struct Pair<'a> {
    table: &'a TableName,
    from: &'a str,
    to: &'a str,
    states: StateSource,
    history: &'a Promise,
}

impl<'a> Moves<'a> {
    /// Foreign keys of two columns onto a key of two columns that hold states of one kind.
    pub(super) fn of(declared: &'a Declared<'_>) -> Self {
        let pairs = declared.foreign_keys().filter_map(|(history, key)| {
            let [from, to] = key.referenced_columns.as_slice() else { return None };
            let table = &key.references;
            let states = states_of(declared, table, from)?;
            let same = states_of(declared, table, to).as_ref() == Some(&states);
            same.then_some(Pair { table, from, to, states, history })
        });
        Self(pairs.collect())
    }

    /// Whether a column is one of a move, or one by which a history refers to a move.
    pub(super) fn has_part(&self, table: &TableName, column: &str) -> bool {
        self.0.iter().any(|pair| {
            (pair.table == table && (pair.from == column || pair.to == column))
                || (pair.history.table.as_ref() == Some(table)
                    && pair.history.columns.iter().any(|name| name == column))
        })
    }

    /// Whether moves are between keys of this table.
    pub(super) fn are_made_of(&self, states: &TableName) -> bool {
        self.0.iter().any(|pair| matches!(&pair.states, StateSource::Table(of) if of == states))
    }

    /// The allowed moves between these states, where a table holds them.
    pub(super) async fn between(
        &self,
        server: &Server<'_>,
        states: &StateSource,
    ) -> Result<Option<Transitions>, Error> {
        let Some(pair) = self.0.iter().find(|pair| pair.states == *states) else {
            return Ok(None);
        };
        let (from, to) = (quote_identifier(pair.from), quote_identifier(pair.to));
        let table = pair.table.to_sql();
        let limit = MOVES_MAX + 1;
        let sql = format!(
            "SELECT {from}::text, {to}::text FROM {table}
             WHERE {from} IS NOT NULL AND {to} IS NOT NULL ORDER BY {from}, {to} LIMIT {limit}"
        );
        let rows = server.rows(&sql).await?;
        let moves = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let is_list = (1..=MOVES_MAX).contains(&moves.len());
        let histories = self.histories(pair);
        Ok(is_list.then(|| Transitions { table: pair.table.clone(), moves, histories }))
    }

    /// The tables that refer to the moves of `pair`.
    fn histories(&self, pair: &Pair<'_>) -> Vec<History> {
        let referring = self.0.iter().filter(|other| other.table == pair.table);
        let history = |other: &Pair<'_>| {
            let [first, second] = other.history.columns.as_slice() else { return None };
            // Another key of the table may hold the pair the other way round.
            let (from, to) = if (other.from, other.to) == (pair.from, pair.to) {
                (first, second)
            } else {
                (second, first)
            };
            Some(History {
                table: other.history.table.clone()?,
                from: from.clone(),
                to: to.clone(),
                promise: other.history.id.clone(),
            })
        };
        referring.filter_map(history).collect()
    }
}

/// What says which states a column of a table of moves may hold.
fn states_of(declared: &Declared<'_>, table: &TableName, column: &str) -> Option<StateSource> {
    let alone = |(promise, _): &(&Promise, _)| {
        promise.table.as_ref() == Some(table) && promise.columns == [column]
    };
    if let Some((_, key)) = declared.foreign_keys().find(alone) {
        return Some(StateSource::Table(key.references.clone()));
    }
    let of = declared.enum_of(table, column)?;
    Some(StateSource::Enum(of.name.clone()))
}
