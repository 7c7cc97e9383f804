//! Moves of the state machines: the change, its history and its event, in one statement.
//!
//! In: an object, the states it may be in, the state it shall be in. Out: the move that was made,
//! or none when the object was in no such state. Which moves exist is data of the database
//! (`<table>_transition`); one that is not among them is refused by `<table>_history_move_allowed`.
//!
//! **Invariant**: no state changes without its history row and its event, because nothing else here
//! writes the column `state`, except statements that move many objects at once and do all three.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};
use uuid::Uuid;

use crate::context::Context;
use crate::event::{Aggregate, Event};
use crate::id::{EventId, Id};

/// Where a machine is kept.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// The table of the objects; `<table>_history` holds their moves.
    pub table: &'static str,
    /// The column of the history that names the object.
    pub history_key: &'static str,
    /// The aggregate whose events tell of the moves.
    pub aggregate: Aggregate,
    /// The column that names the aggregate's row: `id` where the object is the aggregate itself.
    pub aggregate_key: &'static str,
}

/// A state of one machine.
pub trait State: Copy {
    /// The machine.
    const MACHINE: Machine;

    /// The state as the database writes it.
    fn as_str(self) -> &'static str;
}

/// Declares the states of a machine: an enum that reads and writes itself as the database does.
macro_rules! states {
    (
        $(#[$doc:meta])*
        pub enum $name:ident of $machine:expr;
        $($(#[$state_doc:meta])* $state:ident = $text:literal,)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[derive(schemars::JsonSchema)]
        pub enum $name {
            $($(#[$state_doc])* #[serde(rename = $text)] $state,)*
        }

        impl $name {
            /// Every state, in the order of an object's life.
            pub const ALL: &'static [Self] = &[$(Self::$state),*];

            /// The state as the database writes it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$state => $text,)*
                }
            }
        }

        impl $crate::machine::State for $name {
            const MACHINE: $crate::machine::Machine = $machine;

            fn as_str(self) -> &'static str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::TextError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$state),)*
                    _ => Err($crate::value::TextError::Form),
                }
            }
        }

        $crate::value::text_in_sql!($name);
    };
}
pub(crate) use states;

/// A column that changes together with the state.
#[derive(Debug, Clone)]
enum Value {
    Time(DateTime<Utc>),
    Id(Uuid),
    Text(String),
}

/// A move that is about to be made.
#[derive(Debug, Clone)]
pub struct Move<S> {
    id: Uuid,
    from: Vec<S>,
    to: S,
    reason: Option<String>,
    columns: Vec<(&'static str, Value)>,
}

/// A move that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved<S> {
    /// The state before.
    pub from: S,
    /// The number of the move among those of the object, from 1.
    pub seq: i32,
}

impl<S> Move<S>
where
    S: State + sqlx::Type<Postgres> + for<'r> sqlx::Decode<'r, Postgres>,
{
    /// The object `id` shall go to `to` if it is in one of `from`.
    pub fn new(id: impl Id, from: &[S], to: S) -> Self {
        Self { id: id.uuid(), from: from.to_vec(), to, reason: None, columns: Vec::new() }
    }

    /// Why, in at most 200 characters; longer reasons are cut.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.chars().take(200).collect());
        self
    }

    /// Sets a time together with the state.
    #[must_use]
    pub fn at(mut self, column: &'static str, time: DateTime<Utc>) -> Self {
        self.columns.push((column, Value::Time(time)));
        self
    }

    /// Sets a reference together with the state.
    #[must_use]
    pub fn naming(mut self, column: &'static str, id: impl Id) -> Self {
        self.columns.push((column, Value::Id(id.uuid())));
        self
    }

    /// Sets a text together with the state.
    #[must_use]
    pub fn with(mut self, column: &'static str, text: &str) -> Self {
        self.columns.push((column, Value::Text(text.to_owned())));
        self
    }

    /// Makes the move, writes its history and appends `event` to the outbox: one round trip.
    ///
    /// None: the object does not exist or was in none of the states; nothing was written.
    ///
    /// # Errors
    /// Refusals by name, among them `<table>_history_move_allowed` for a move that does not exist.
    pub async fn make<E: Event>(
        self,
        connection: &mut PgConnection,
        context: &Context,
        event: &E,
    ) -> Result<Option<Moved<S>>, sqlx::Error> {
        let mut query = self.statement(context, event)?;
        let row = query.build().fetch_optional(connection).await?;
        row.map(|row| Ok(Moved { from: row.try_get(0)?, seq: row.try_get(1)? })).transpose()
    }

    /// Locks the object, checks its state on the locked row, and writes all three.
    fn statement<E: Event>(
        self,
        context: &Context,
        event: &E,
    ) -> Result<QueryBuilder<Postgres>, sqlx::Error> {
        let Machine { table, history_key, aggregate, aggregate_key } = S::MACHINE;
        let own = aggregate_key == "id";
        let now = context.now();
        let from: Vec<&str> = self.from.iter().map(|state| state.as_str()).collect();
        let mut sql = QueryBuilder::new("WITH head AS (SELECT state FROM ");
        sql.push(table).push(" WHERE id = ").push_bind(self.id);
        sql.push(" AND state = ANY (")
            .push_bind(from.iter().map(ToString::to_string).collect::<Vec<_>>());
        sql.push(") FOR NO KEY UPDATE), moved AS (UPDATE ").push(table);
        sql.push(" SET state = ").push_bind(self.to.as_str());
        sql.push(", state_seq = state_seq + 1");
        if own {
            sql.push(", event_seq = event_seq + 1");
        }
        for (column, value) in self.columns {
            sql.push(", ").push(column).push(" = ");
            match value {
                Value::Time(time) => sql.push_bind(time),
                Value::Id(id) => sql.push_bind(id),
                Value::Text(text) => sql.push_bind(text),
            };
        }
        sql.push(" FROM head WHERE id = ").push_bind(self.id);
        sql.push(" RETURNING head.state AS from_state, state_seq, ").push(aggregate_key);
        sql.push(" AS aggregate_id").push(if own { ", event_seq" } else { "" });
        if !own {
            sql.push("), told AS (UPDATE ").push(aggregate.table());
            sql.push(" SET event_seq = event_seq + 1 FROM moved WHERE id = moved.aggregate_id");
            sql.push(" RETURNING id AS aggregate_id, event_seq");
        }
        sql.push("), noted AS (INSERT INTO ").push(table).push("_history (").push(history_key);
        sql.push(", seq, from_state, to_state, actor, reason, at) SELECT ").push_bind(self.id);
        sql.push(", state_seq, from_state, ").push_bind(self.to.as_str()).push(", ");
        sql.push_bind(context.actor().as_str().to_owned()).push(", ").push_bind(self.reason);
        sql.push(", ").push_bind(now).push(" FROM moved), event AS (INSERT INTO outbox");
        sql.push(
            " (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at) SELECT ",
        );
        sql.push_bind(context.id::<EventId>()).push(", ").push_bind(aggregate.name());
        sql.push(", aggregate_id, event_seq, ").push_bind(E::TYPE).push(", ").push_bind(E::VERSION);
        sql.push(", ").push_bind(crate::event::payload(event)?).push(", ").push_bind(now);
        sql.push(if own { " FROM moved" } else { " FROM told" });
        sql.push(") SELECT from_state, state_seq FROM moved");
        Ok(sql)
    }
}
