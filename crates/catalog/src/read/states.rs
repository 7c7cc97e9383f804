//! State columns and their allowed moves.
//!
//! In: tables, enums, promises, and the rows of small tables of states and of moves. Out: state
//! columns.
//!
//! A column holds a state if its type is an enum, if a CHECK lists its values, or if it refers to
//! a small table of keys whose name, or whose referring column's name, speaks of a state. Moves
//! are in a table whose key is a pair of states and which another table refers to by that pair.
//!
//! **Invariant**: rows are read only from tables of states and moves, which the migrations fill.

use tokio_postgres::Error;

use super::Server;
use super::listed_values::listed_values;
use crate::name::{TableName, quote_identifier};
use crate::promise::{ForeignKey, Promise, PromiseKind};
use crate::states::{StateColumn, StateSource, Transitions};
use crate::table::{EnumType, Table, TableKind};

/// A table with more keys is not a list of states.
const STATES_MAX: usize = 100;

/// A table with more rows is not a list of moves.
const MOVES_MAX: usize = 2_000;

/// What was read before.
pub(super) struct Declared<'a> {
    pub(super) tables: &'a [Table],
    pub(super) enums: &'a [EnumType],
    pub(super) promises: &'a [Promise],
}

pub(super) async fn read(
    server: &Server<'_>,
    declared: &Declared<'_>,
) -> Result<Vec<StateColumn>, Error> {
    let mut columns = declared.by_enum();
    columns.extend(declared.by_check());
    columns.extend(declared.by_reference(server).await?);
    // A column can be found in more than one way; the enum says most, then the reference.
    let rank = |column: &StateColumn| match column.from {
        StateSource::Enum(_) => 0,
        StateSource::Table(_) => 1,
        StateSource::Check(_) => 2,
    };
    columns.sort_by(|a, b| (&a.table, &a.column, rank(a)).cmp(&(&b.table, &b.column, rank(b))));
    columns.dedup_by(|a, b| (&a.table, &a.column) == (&b.table, &b.column));
    for column in &mut columns {
        column.transitions = declared.transitions(server, column).await?;
    }
    // The pair of a table of moves, and of the history that refers to it, says what may follow
    // what; it is no state of its own.
    let pairs = declared.pairs();
    columns.retain(|column| !pairs.iter().any(|pair| pair.is_part(&column.table, &column.column)));
    Ok(columns)
}

/// A table of moves and a foreign key onto its pair.
struct Pair<'a> {
    moves: &'a TableName,
    from: &'a str,
    to: &'a str,
    history: &'a Promise,
}

impl Pair<'_> {
    fn is_part(&self, table: &TableName, column: &str) -> bool {
        (self.moves == table && (self.from == column || self.to == column))
            || (self.history.table.as_ref() == Some(table)
                && self.history.columns.iter().any(|name| name == column))
    }
}

impl Declared<'_> {
    fn roots(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.kind != TableKind::Partition)
    }

    fn foreign_keys(&self) -> impl Iterator<Item = (&Promise, &ForeignKey)> {
        self.promises.iter().filter_map(|promise| match &promise.kind {
            PromiseKind::ForeignKey(key) => Some((promise, key)),
            _ => None,
        })
    }

    fn by_enum(&self) -> Vec<StateColumn> {
        let mut columns = Vec::new();
        for table in self.roots() {
            for column in &table.columns {
                let named = |of: &&EnumType| is_type(&column.type_name, &of.name);
                let Some(of) = self.enums.iter().find(named) else { continue };
                columns.push(StateColumn {
                    table: table.name.clone(),
                    column: column.name.clone(),
                    states: of.labels.clone(),
                    from: StateSource::Enum(of.name.clone()),
                    transitions: None,
                });
            }
        }
        columns
    }

    fn by_check(&self) -> Vec<StateColumn> {
        let checks = self.promises.iter().filter(|promise| promise.kind == PromiseKind::Check);
        checks
            .filter_map(|promise| {
                let [column] = promise.columns.as_slice() else { return None };
                Some(StateColumn {
                    table: promise.table.clone()?,
                    column: column.clone(),
                    states: listed_values(promise.expression.as_deref()?, column)?,
                    from: StateSource::Check(promise.id.clone()),
                    transitions: None,
                })
            })
            .collect()
    }

    async fn by_reference(&self, server: &Server<'_>) -> Result<Vec<StateColumn>, Error> {
        let mut columns = Vec::new();
        for (promise, key) in self.foreign_keys() {
            let ([column], [referenced]) =
                (promise.columns.as_slice(), key.referenced_columns.as_slice())
            else {
                continue;
            };
            let Some(table) = &promise.table else { continue };
            let speaks_of_states =
                [column, &key.references.name].iter().any(|name| is_state_word(name));
            if !speaks_of_states || !self.is_text(&key.references, referenced) {
                continue;
            }
            let Some(states) = keys(server, &key.references, referenced).await? else { continue };
            columns.push(StateColumn {
                table: table.clone(),
                column: column.clone(),
                states,
                from: StateSource::Table(key.references.clone()),
                transitions: None,
            });
        }
        Ok(columns)
    }

    /// Whether a key is one that people read: text, or an enum.
    fn is_text(&self, table: &TableName, column: &str) -> bool {
        let Some(type_name) = self.type_of(table, column) else { return false };
        ["text", "character", "citext", "name"].iter().any(|kind| type_name.starts_with(kind))
            || self.enums.iter().any(|of| is_type(type_name, &of.name))
    }

    fn type_of(&self, table: &TableName, column: &str) -> Option<&str> {
        let table = self.tables.iter().find(|candidate| candidate.name == *table)?;
        let column = table.columns.iter().find(|candidate| candidate.name == column)?;
        Some(&column.type_name)
    }

    /// Foreign keys of two columns onto a unique key of two columns of one type.
    fn pairs(&self) -> Vec<Pair<'_>> {
        self.foreign_keys()
            .filter_map(|(history, key)| {
                let [from, to] = key.referenced_columns.as_slice() else { return None };
                let pair = Pair { moves: &key.references, from, to, history };
                let same_type = self.type_of(pair.moves, from) == self.type_of(pair.moves, to);
                (same_type && self.states_of(&pair, from) == self.states_of(&pair, to))
                    .then_some(pair)
            })
            .filter(|pair| self.states_of(pair, pair.from).is_some())
            .collect()
    }

    /// What says which states a column of a table of moves may hold.
    fn states_of(&self, pair: &Pair<'_>, column: &str) -> Option<StateSource> {
        let referred = self.foreign_keys().find(|(promise, _)| {
            promise.table.as_ref() == Some(pair.moves) && promise.columns == [column]
        });
        if let Some((_, key)) = referred {
            return Some(StateSource::Table(key.references.clone()));
        }
        let type_name = self.type_of(pair.moves, column)?;
        let of = self.enums.iter().find(|of| is_type(type_name, &of.name))?;
        Some(StateSource::Enum(of.name.clone()))
    }

    async fn transitions(
        &self,
        server: &Server<'_>,
        column: &StateColumn,
    ) -> Result<Option<Transitions>, Error> {
        let pairs = self.pairs();
        let fitting = pairs
            .iter()
            .find(|pair| self.states_of(pair, pair.from).as_ref() == Some(&column.from));
        let Some(pair) = fitting else { return Ok(None) };
        let moves = moves(server, pair).await?;
        Ok(moves.map(|moves| Transitions { table: pair.moves.clone(), moves }))
    }
}

/// The keys of a table, unless there are too many to be states or none.
async fn keys(
    server: &Server<'_>,
    table: &TableName,
    column: &str,
) -> Result<Option<Vec<String>>, Error> {
    let (from, column) = (table.to_sql(), quote_identifier(column));
    let limit = STATES_MAX + 1;
    let sql = format!("SELECT {column}::text FROM {from} ORDER BY {column} LIMIT {limit}");
    let rows = server.rows(&sql).await?;
    let keys = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    Ok((1..=STATES_MAX).contains(&keys.len()).then_some(keys))
}

async fn moves(
    server: &Server<'_>,
    pair: &Pair<'_>,
) -> Result<Option<Vec<(String, String)>>, Error> {
    let (from, to) = (quote_identifier(pair.from), quote_identifier(pair.to));
    let table = pair.moves.to_sql();
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
    Ok((1..=MOVES_MAX).contains(&moves.len()).then_some(moves))
}

fn is_state_word(name: &str) -> bool {
    let name = name.to_lowercase();
    ["state", "status", "phase", "stage"].iter().any(|word| name.contains(word))
}

/// Whether a type as `format_type` prints it is the named one.
fn is_type(printed: &str, name: &TableName) -> bool {
    let part = |text: &str| {
        let plain = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if plain { text.to_owned() } else { quote_identifier(text) }
    };
    printed == format!("{}.{}", part(&name.schema), part(&name.name)) || printed == name.to_sql()
}
