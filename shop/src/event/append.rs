//! Writing an event that comes with no change of state.

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::Event;
use crate::context::Context;
use crate::id::{EventId, Id};

/// The event as the outbox stores it.
///
/// # Errors
/// Only for a payload that JSON cannot express, which the events here can.
pub fn payload<E: Event>(event: &E) -> Result<serde_json::Value, sqlx::Error> {
    serde_json::to_value(event).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Appends `event` to the outbox under the next number of its aggregate: one round trip.
///
/// Locks the aggregate's row until the transaction ends. Changes of state go through
/// [`Move::make`](crate::machine::Move::make), which appends their event itself.
///
/// # Errors
/// [`sqlx::Error::RowNotFound`] when the aggregate does not exist.
pub async fn append<E: Event>(
    connection: &mut PgConnection,
    context: &Context,
    aggregate: impl Id,
    event: &E,
) -> Result<(), sqlx::Error> {
    let mut sql = QueryBuilder::<Postgres>::new("WITH told AS (UPDATE ");
    sql.push(E::AGGREGATE.table()).push(" SET event_seq = event_seq + 1 WHERE id = ");
    sql.push_bind(aggregate.uuid()).push(" RETURNING id, event_seq) INSERT INTO outbox");
    sql.push(" (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at) SELECT ");
    sql.push_bind(context.id::<EventId>()).push(", ").push_bind(E::AGGREGATE.name());
    sql.push(", id, event_seq, ").push_bind(E::TYPE).push(", ").push_bind(E::VERSION);
    sql.push(", ").push_bind(payload(event)?).push(", ").push_bind(context.now());
    sql.push(" FROM told");
    let written = sql.build().execute(connection).await?.rows_affected();
    if written == 0 { Err(sqlx::Error::RowNotFound) } else { Ok(()) }
}

/// Events that a statement of its own writes to the outbox, column by column.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) ids: Vec<EventId>,
    pub(crate) types: Vec<&'static str>,
    pub(crate) versions: Vec<i16>,
    pub(crate) payloads: Vec<serde_json::Value>,
}

impl Columns {
    /// Adds an event behind the others.
    pub(crate) fn push<E: Event>(
        &mut self,
        context: &Context,
        event: &E,
    ) -> Result<(), sqlx::Error> {
        self.payloads.push(payload(event)?);
        self.ids.push(context.id());
        self.types.push(E::TYPE);
        self.versions.push(E::VERSION);
        Ok(())
    }
}

/// Appends one event to each of many aggregates of a kind: one round trip.
///
/// The aggregates differ from each other, and the caller holds the locks of their rows, or names
/// them in the order of their ids.
///
/// # Errors
/// [`sqlx::Error::RowNotFound`] when one of them does not exist.
pub async fn append_each<I: Id, E: Event>(
    connection: &mut PgConnection,
    context: &Context,
    events: &[(I, E)],
) -> Result<(), sqlx::Error> {
    let of: Vec<_> = events.iter().map(|(aggregate, _)| aggregate.uuid()).collect();
    let ids: Vec<EventId> = events.iter().map(|_| context.id()).collect();
    let payloads = events.iter().map(|(_, event)| payload(event)).collect::<Result<Vec<_>, _>>()?;
    let mut sql = QueryBuilder::<Postgres>::new("WITH event AS (SELECT * FROM unnest(");
    sql.push_bind(of).push("::uuid[], ").push_bind(ids).push("::uuid[], ").push_bind(payloads);
    sql.push("::jsonb[]) AS event (of, id, payload)), told AS (UPDATE ");
    sql.push(E::AGGREGATE.table()).push(" AS one SET event_seq = event_seq + 1 FROM event");
    sql.push(" WHERE one.id = event.of RETURNING event.id, event.of, event.payload, event_seq)");
    sql.push(" INSERT INTO outbox");
    sql.push(" (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at) SELECT ");
    sql.push("id, ").push_bind(E::AGGREGATE.name()).push(", of, event_seq, ");
    sql.push_bind(E::TYPE).push(", ").push_bind(E::VERSION).push(", payload, ");
    sql.push_bind(context.now()).push(" FROM told");
    let written = sql.build().execute(connection).await?.rows_affected();
    if usize::try_from(written) == Ok(events.len()) {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}
