//! Promising held stock to an order, and taking the promise back.

use sqlx::{FromRow as _, PgConnection, Row as _};

use super::Reservation;
use super::batch::{self, Claim};
use super::events::reservation::{ReservationCommitted, ReservationWithdrawn};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::{self, Event as _};
use crate::id::{
    CancellationId, CartId, EventId, LocationId, OrderLineId, ReservationId, VariantId,
};
use crate::value::{Label, Quantity};

/// Why stock was not promised.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// What is held is not what is ordered: never held, given back, its time is over, or another
    /// quantity.
    #[error("{held} units are held, {ordered} are ordered")]
    NotHeld {
        /// Of which variant.
        variant: VariantId,
        /// How many are held for the cart now.
        held: i64,
        /// How many the line orders.
        ordered: i64,
    },
    /// The line does not exist, or is one of another variant.
    #[error("there is no such order line")]
    LineNotFound,
    /// Stock is promised to the line already.
    #[error("stock is promised to the order line already")]
    AlreadyCommitted,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CommitError {
    "reservation_for_an_order_line" => CommitError::LineNotFound,
    "reservation_line_unique" => CommitError::AlreadyCommitted,
});

/// Promises all that is held for lines of a cart to the lines of an order: all of it, or nothing.
///
/// One round trip, or two for a cart whose lines are spread over many locations. A hold whose time
/// is over is not promised, whether it was swept or not. The order's lines exist already.
///
/// # Errors
/// What is held is not what the lines order.
pub async fn commit(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
    lines: &[(VariantId, OrderLineId)],
) -> Result<Vec<Reservation>, CommitError> {
    let variants: Vec<VariantId> = lines.iter().map(|(variant, _)| *variant).collect();
    let order_lines: Vec<OrderLineId> = lines.iter().map(|(_, line)| *line).collect();
    let mut enough = lines.len() + 4;
    loop {
        let ids: Vec<EventId> = (0..enough).map(|_| context.id()).collect();
        let rows = sqlx::query(COMMIT)
            .bind(cart)
            .bind(&variants)
            .bind(&order_lines)
            .bind(context.now())
            .bind(&ids)
            .bind(context.actor().as_str())
            .bind(ReservationCommitted::TYPE)
            .bind(ReservationCommitted::VERSION)
            .fetch_all(&mut *connection)
            .await?;
        let mut committed = Vec::with_capacity(rows.len());
        let mut claimed = 0_i64;
        for row in &rows {
            claimed = row.try_get("claimed")?;
            if let Some(variant) = row.try_get("short")? {
                let (held, ordered) = (row.try_get("held")?, row.try_get("ordered")?);
                return match ordered {
                    Some(ordered) => Err(CommitError::NotHeld { variant, held, ordered }),
                    None => Err(CommitError::LineNotFound),
                };
            }
            if row.try_get::<Option<ReservationId>, _>("id")?.is_some() {
                committed.push(Reservation::from_row(row)?);
            }
        }
        let claimed = usize::try_from(claimed).unwrap_or(usize::MAX);
        if claimed <= enough {
            return Ok(committed);
        }
        enough = claimed;
    }
}

/// `short`: lines of which another quantity is held than they order; then nothing is moved.
const COMMIT: &str = "
WITH line AS (SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS line (variant_id, order_line_id)),
fresh AS (SELECT * FROM unnest($5::uuid[]) WITH ORDINALITY AS fresh (event_id, number)),
claimed AS MATERIALIZED (
    SELECT one.id, one.variant_id, one.quantity::int AS quantity, line.order_line_id
      FROM reservation AS one JOIN line ON line.variant_id = one.variant_id
     WHERE one.cart_id = $1 AND one.state = 'active' AND one.expires_at > $4
     ORDER BY one.location_id, one.variant_id FOR NO KEY UPDATE OF one),
short AS MATERIALIZED (
    SELECT line.variant_id, held.units AS held, order_line.quantity::bigint AS ordered
      FROM line
      LEFT JOIN variant ON variant.id = line.variant_id
      LEFT JOIN order_line ON order_line.id = line.order_line_id
                          AND order_line.variant_id = line.variant_id
     CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0)::bigint AS units FROM claimed
                          WHERE claimed.variant_id = line.variant_id) AS held
     WHERE variant.track_inventory IS NOT FALSE
       AND held.units IS DISTINCT FROM order_line.quantity::bigint),
numbered AS (
    SELECT id, order_line_id, row_number() OVER () AS number FROM claimed
     WHERE NOT EXISTS (SELECT FROM short)
       AND (SELECT count(*) FROM claimed) <= (SELECT count(*) FROM fresh)),
moved AS (
    UPDATE reservation AS one
       SET state = 'committed', state_seq = state_seq + 1, event_seq = event_seq + 1,
           order_line_id = numbered.order_line_id
      FROM numbered WHERE one.id = numbered.id
    RETURNING one.id, cart_id, variant_id, location_id, one.order_line_id,
              quantity::int AS quantity, state, expires_at, state_seq, event_seq, number),
noted AS (
    INSERT INTO reservation_history (reservation_id, seq, from_state, to_state, actor, reason, at)
    SELECT id, state_seq, 'active', 'committed', $6, 'the order was placed', $4 FROM moved),
told AS (
    INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at)
    SELECT event_id, 'reservation', id, event_seq, $7, $8,
           jsonb_build_object('reservation', 'res_' || replace(id::text, '-', ''),
                              'order_line', 'ordl_' || replace(order_line_id::text, '-', ''),
                              'variant', 'var_' || replace(variant_id::text, '-', ''),
                              'location', 'loc_' || replace(location_id::text, '-', ''),
                              'quantity', quantity), $4
      FROM moved JOIN fresh USING (number))
SELECT (SELECT count(*) FROM claimed) AS claimed, short.variant_id AS short, short.held,
       short.ordered, moved.*
  FROM (SELECT) AS always LEFT JOIN short ON true LEFT JOIN moved ON true
 ORDER BY number";

/// Units that were promised to a line and are free again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawn {
    /// The cancellation that says so.
    pub cancellation: CancellationId,
    /// Of which reservation and where; none for a variant that is not counted.
    pub from: Option<(ReservationId, LocationId)>,
    /// How many.
    pub quantity: Quantity,
}

/// Why units were not given back.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// The line does not exist.
    #[error("there is no such order line")]
    LineNotFound,
    /// Fewer are left: shipped, in a parcel, or cancelled already.
    #[error("fewer units of the line can still be cancelled")]
    TooMany,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(WithdrawError {
    "order_cancellation_of_a_line" => WithdrawError::LineNotFound,
    "order_line_serves_at_most_its_quantity" => WithdrawError::TooMany,
    "reservation_ships_at_most_what_it_holds" => WithdrawError::TooMany,
});

/// Cancels units of an order line: the cancellations are written, and what was promised is free.
/// Units in parcels that are being packed stay promised.
///
/// Locks the line, then its reservations. A reservation that holds nothing any more is released,
/// or fulfilled if some of it has shipped.
///
/// # Errors
/// Fewer units can still be cancelled.
pub async fn withdraw(
    connection: &mut PgConnection,
    context: &Context,
    order_line: OrderLineId,
    quantity: Quantity,
    reason: &Label,
) -> Result<Vec<Withdrawn>, WithdrawError> {
    let from = choose(connection, order_line, quantity).await?;
    let withdrawn: Vec<Withdrawn> = from
        .into_iter()
        .map(|(from, quantity)| Withdrawn { cancellation: context.id(), from, quantity })
        .collect();
    sqlx::query(
        "INSERT INTO order_cancellation
             (id, order_line_id, location_id, quantity, reason, actor, at)
         SELECT id, $1, location_id, quantity, $5, $6, $7
           FROM unnest($2::uuid[], $3::uuid[], $4::int[]) AS part (id, location_id, quantity)",
    )
    .bind(order_line)
    .bind(withdrawn.iter().map(|part| part.cancellation).collect::<Vec<_>>())
    .bind(withdrawn.iter().map(|part| part.from.map(|(_, at)| at)).collect::<Vec<_>>())
    .bind(withdrawn.iter().map(|part| part.quantity.get()).collect::<Vec<_>>())
    .bind(reason)
    .bind(context.actor().as_str())
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    let events: Vec<(ReservationId, ReservationWithdrawn)> = withdrawn
        .iter()
        .filter_map(|part| {
            let (reservation, location) = part.from?;
            let quantity = part.quantity;
            Some((
                reservation,
                ReservationWithdrawn { reservation, order_line, location, quantity },
            ))
        })
        .collect();
    if !events.is_empty() {
        event::append_each(connection, context, &events).await?;
        settle(connection, context, &[order_line]).await?;
    }
    Ok(withdrawn)
}

/// Closes the reservations of order lines that hold nothing any more: fulfilled if some of it has
/// shipped, else released. To be called after units were shipped or withdrawn.
///
/// # Errors
/// The database failed.
pub async fn settle(
    connection: &mut PgConnection,
    context: &Context,
    order_lines: &[OrderLineId],
) -> Result<Vec<Reservation>, DatabaseError> {
    let shipped = Claim::Shipped(order_lines);
    let mut closed = batch::make(connection, context, shipped, "all of it has left").await?;
    let withdrawn = Claim::Withdrawn(order_lines);
    closed.extend(batch::make(connection, context, withdrawn, "the order was cancelled").await?);
    Ok(closed)
}

/// Which reservations give how many units.
async fn choose(
    connection: &mut PgConnection,
    order_line: OrderLineId,
    quantity: Quantity,
) -> Result<Vec<(Option<(ReservationId, LocationId)>, Quantity)>, WithdrawError> {
    let tracked: Option<bool> = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM reservation WHERE order_line_id = $1)
           FROM order_line WHERE id = $1 FOR NO KEY UPDATE",
    )
    .bind(order_line)
    .fetch_optional(&mut *connection)
    .await?;
    if !tracked.ok_or(WithdrawError::LineNotFound)? {
        return Ok(vec![(None, quantity)]);
    }
    let held: Vec<(ReservationId, LocationId, i64)> = sqlx::query_as(
        "SELECT id, location_id,
                quantity::bigint - shipped - withdrawn
                    - coalesce((SELECT sum(part.quantity) FROM fulfilment_line AS part
                                  JOIN fulfilment ON fulfilment.id = part.fulfilment_id
                                   AND fulfilment.state = 'pending'
                                 WHERE part.order_line_id = $1
                                   AND part.stock_location_id = one.location_id), 0)
           FROM reservation AS one
          WHERE order_line_id = $1 AND state = 'committed'
          ORDER BY location_id, variant_id FOR NO KEY UPDATE OF one",
    )
    .bind(order_line)
    .fetch_all(connection)
    .await?;
    let mut left = i64::from(quantity.get());
    let mut from = Vec::new();
    for (reservation, location, free) in held {
        if let Ok(taken) = Quantity::new(free.min(left)) {
            left -= i64::from(taken.get());
            from.push((Some((reservation, location)), taken));
        }
    }
    if left > 0 { Err(WithdrawError::TooMany) } else { Ok(from) }
}
