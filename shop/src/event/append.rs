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
