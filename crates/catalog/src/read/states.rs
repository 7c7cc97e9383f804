//! State columns.
//!
//! In: tables, enums, promises, and the rows of small tables of states. Out: state columns.
//!
//! A column holds a state if its type is an enum, if a CHECK lists its values, or if foreign keys
//! lead from it to a small table of keys: at once, or through a history of moves (the current
//! state is the head of its history). Such a table must be one that moves are made of, or its
//! name or the referring column's must speak of a state.
//!
//! **Invariant**: rows are read only from tables of states and moves, which the migrations fill.

use tokio_postgres::Error;

use super::Server;
use super::listed_values::listed_values;
use super::moves::Moves;
use crate::name::{TableName, quote_identifier};
use crate::promise::{ForeignKey, Promise, PromiseKind};
use crate::states::{StateColumn, StateSource};
use crate::table::{EnumType, Table, TableKind};

/// A table with more keys is not a list of states.
const STATES_MAX: usize = 100;

/// Foreign keys from a column to its states: to the history, to the moves, to the states. One more
/// is no harm, and tables that refer to each other in a circle come to an end.
const STEPS_MAX: u8 = 4;

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
    let moves = Moves::of(declared);
    let mut columns = declared.by_enum();
    columns.extend(declared.by_check());
    columns.extend(declared.by_reference(server, &moves).await?);
    // The columns of moves, and of the history that refers to them, say what may follow what;
    // they are no state of their own.
    columns.retain(|column| !moves.has_part(&column.table, &column.column));
    // A column can be found in more than one way; the enum says most, then the reference.
    let rank = |column: &StateColumn| match column.from {
        StateSource::Enum(_) => 0,
        StateSource::Table(_) => 1,
        StateSource::Check(_) => 2,
        StateSource::Named => 3,
    };
    columns.sort_by(|a, b| (&a.table, &a.column, rank(a)).cmp(&(&b.table, &b.column, rank(b))));
    columns.dedup_by(|a, b| (&a.table, &a.column) == (&b.table, &b.column));
    for column in &mut columns {
        column.transitions = moves.between(server, &column.from).await?;
    }
    Ok(columns)
}

impl Declared<'_> {
    fn roots(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.kind != TableKind::Partition)
    }

    pub(super) fn foreign_keys(&self) -> impl Iterator<Item = (&Promise, &ForeignKey)> {
        self.promises.iter().filter_map(|promise| match &promise.kind {
            PromiseKind::ForeignKey(key) => Some((promise, key)),
            _ => None,
        })
    }

    /// What a column refers to: every column that is its other half in a foreign key.
    pub(super) fn references(
        &self,
        table: &TableName,
        column: &str,
    ) -> impl Iterator<Item = (&TableName, &str)> {
        self.foreign_keys()
            .filter(move |(promise, _)| promise.table.as_ref() == Some(table))
            .flat_map(|(promise, key)| {
                let halves = promise.columns.iter().zip(&key.referenced_columns);
                halves.map(|(from, to)| (from, (&key.references, to.as_str())))
            })
            .filter(move |(from, _)| *from == column)
            .map(|(_, to)| to)
    }

    pub(super) fn type_of(&self, table: &TableName, column: &str) -> Option<&str> {
        let table = self.tables.iter().find(|candidate| candidate.name == *table)?;
        let column = table.columns.iter().find(|candidate| candidate.name == column)?;
        Some(&column.type_name)
    }

    /// The enum that a column holds.
    pub(super) fn enum_of(&self, table: &TableName, column: &str) -> Option<&EnumType> {
        let type_name = self.type_of(table, column)?;
        self.enums.iter().find(|of| is_type(type_name, &of.name))
    }

    fn by_enum(&self) -> Vec<StateColumn> {
        let mut columns = Vec::new();
        for table in self.roots() {
            for column in &table.columns {
                let Some(of) = self.enum_of(&table.name, &column.name) else { continue };
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

    async fn by_reference(
        &self,
        server: &Server<'_>,
        moves: &Moves<'_>,
    ) -> Result<Vec<StateColumn>, Error> {
        let mut columns = Vec::new();
        for table in self.roots() {
            for column in &table.columns {
                let states = self.states_behind(&table.name, &column.name, moves, STEPS_MAX);
                let Some((referenced, key)) = states else { continue };
                let Some(states) = keys(server, referenced, key).await? else { continue };
                columns.push(StateColumn {
                    table: table.name.clone(),
                    column: column.name.clone(),
                    states,
                    from: StateSource::Table(referenced.clone()),
                    transitions: None,
                });
            }
        }
        Ok(columns)
    }

    /// The key of the table of states to which foreign keys lead from a column, at once or
    /// through the columns of moves and histories.
    fn states_behind<'s>(
        &'s self,
        table: &TableName,
        column: &str,
        moves: &Moves<'_>,
        steps_left: u8,
    ) -> Option<(&'s TableName, &'s str)> {
        let steps_left = steps_left.checked_sub(1)?;
        self.references(table, column).find_map(|(referenced, key)| {
            if self.is_key_of_states(column, referenced, key, moves) {
                return Some((referenced, key));
            }
            // A history may refer to itself (the move before this one); that leads nowhere.
            let leads_on = referenced != table && moves.has_part(referenced, key);
            leads_on.then(|| self.states_behind(referenced, key, moves, steps_left)).flatten()
        })
    }

    fn is_key_of_states(
        &self,
        column: &str,
        table: &TableName,
        key: &str,
        moves: &Moves<'_>,
    ) -> bool {
        let is_whole_key = self.promises.iter().any(|promise| {
            promise.table.as_ref() == Some(table)
                && promise.columns == [key]
                && matches!(promise.kind, PromiseKind::PrimaryKey { .. } | PromiseKind::Unique(_))
        });
        let of_states = moves.are_made_of(table)
            || [column, &table.name].iter().any(|name| is_state_word(name));
        is_whole_key && of_states && self.is_text(table, key)
    }

    /// Whether a key is one that people read: text, or an enum.
    fn is_text(&self, table: &TableName, column: &str) -> bool {
        let Some(type_name) = self.type_of(table, column) else { return false };
        ["text", "character", "citext", "name"].iter().any(|kind| type_name.starts_with(kind))
            || self.enum_of(table, column).is_some()
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
