//! Reservations that have nothing left to promise.

use sqlx::PgConnection;
use sqlx::types::Json;

use crate::context::Context;
use crate::event::{Event as _, payload};
use crate::id::{EventId, OrderId, ReservationId};
use crate::inventory::events::reservation::ReservationFulfilled;

const SERVED: &str = "
    SELECT reservation.id
      FROM reservation JOIN order_line ON order_line.id = reservation.order_line_id
     WHERE order_line.order_id = $1 AND reservation.state = 'committed'
       AND reservation.shipped + reservation.withdrawn = reservation.quantity
     ORDER BY reservation.location_id, reservation.variant_id FOR NO KEY UPDATE OF reservation";

const CLOSE: &str = "
    WITH served AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[]) AS row (id, event_id, payload)
    ), moved AS (
        UPDATE reservation SET state = 'fulfilled', closed_at = $4,
               state_seq = reservation.state_seq + 1, event_seq = reservation.event_seq + 1
          FROM served WHERE reservation.id = served.id AND reservation.state = 'committed'
        RETURNING reservation.id, reservation.state_seq, reservation.event_seq, served.event_id,
                  served.payload
    ), noted AS (
        INSERT INTO reservation_history (reservation_id, seq, from_state, to_state, actor, at)
        SELECT id, state_seq, 'committed', 'fulfilled', $5, $4 FROM moved
    )
    INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at)
    SELECT event_id, 'reservation', id, event_seq, $6, $7, payload, $4 FROM moved";

/// Closes the reservations of a locked order whose units have all left or were withdrawn.
pub(super) async fn close(
    connection: &mut PgConnection,
    context: &Context,
    order: OrderId,
) -> Result<(), sqlx::Error> {
    let served: Vec<ReservationId> =
        sqlx::query_scalar(SERVED).bind(order).fetch_all(&mut *connection).await?;
    if served.is_empty() {
        return Ok(());
    }
    let events: Vec<EventId> = served.iter().map(|_| context.id()).collect();
    let payloads = served
        .iter()
        .map(|&reservation| Ok(Json(payload(&ReservationFulfilled { reservation })?)))
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    sqlx::query(CLOSE)
        .bind(served)
        .bind(events)
        .bind(payloads)
        .bind(context.now())
        .bind(context.actor().as_str())
        .bind(ReservationFulfilled::TYPE)
        .bind(ReservationFulfilled::VERSION)
        .execute(connection)
        .await?;
    Ok(())
}
