//! An attempt that succeeded: the money is held, or taken.
//!
//! **Invariant**: one statement books all of it, so the attempt, the capture that a purchase
//! includes, the payment, and the order that is paid by it say the same at every moment.

use sqlx::PgConnection;

use super::attempt::WAITING;
use super::{Effect, SettleError};
use crate::context::Context;
use crate::event::{Columns, Event as _, payload};
use crate::id::{AttemptId, CaptureId, EventId};
use crate::order::events::OrderConfirmed;
use crate::payment::PaymentState as P;
use crate::payment::events::payment::{
    CaptureRequested, CaptureSucceeded, PaymentAuthorized, PaymentCaptured,
};
use crate::payment::reference::ProviderReference;
use crate::payment::row::PaymentRow;

/// Closes the attempt as succeeded and moves the locked payment; an authorisation before it counts
/// no more. `capture` is there when the money was taken at once. The order is confirmed once its
/// payments hold or have taken its total; one that was closed in the meantime keeps the payment,
/// which is then to be given back.
pub(super) async fn succeed(
    connection: &mut PgConnection,
    context: &Context,
    row: &PaymentRow,
    (attempt, reference): (AttemptId, &ProviderReference),
    capture: Option<CaptureId>,
) -> Result<Effect, SettleError> {
    let (payment, order, amount) = (row.id, row.order, row.money(row.amount)?);
    let to = if capture.is_some() { P::Captured } else { P::Authorized };
    let moves = WAITING.contains(&row.state) || (row.state == to && to == P::Authorized);
    let taken = if capture.is_some() { row.amount } else { 0 };
    // The attempts of a payment are all of its amount, and this is the one that counts.
    let mut after = row.clone();
    after.authorized = row.amount;
    after.captured += taken;
    let mut told = Columns::default();
    if let Some(capture) = capture {
        told.push(context, &CaptureRequested { payment, capture, amount })?;
        told.push(context, &CaptureSucceeded { payment, capture, amount })?;
    }
    if moves && to == P::Captured {
        told.push(context, &PaymentCaptured { payment, order, amounts: after.amounts()? })?;
    } else if moves {
        told.push(context, &PaymentAuthorized { payment, order, amounts: after.amounts()? })?;
    }
    sqlx::query(SUCCEED)
        .bind(payment)
        .bind(attempt)
        .bind(reference)
        .bind(context.now())
        .bind(capture)
        .bind(context.actor().as_str())
        .bind(row.state)
        .bind(if moves { to } else { row.state })
        .bind(i32::from(moves))
        .bind(told.ids)
        .bind(told.types)
        .bind(told.versions)
        .bind(told.payloads)
        .bind(order)
        .bind(row.amount - row.voided)
        .bind(context.id::<EventId>())
        .bind(OrderConfirmed::TYPE)
        .bind(OrderConfirmed::VERSION)
        .bind(payload(&OrderConfirmed { order })?)
        .execute(connection)
        .await?;
    Ok(Effect::Applied)
}

// The triggers that move the sums of the payment run at the end, in the order in which the rows
// were written. So each of `replaced`, `closed` and `taken` reads the one before: what is given up
// is subtracted before the same is added, and money is held before it is taken.
const SUCCEED: &str = "
WITH replaced AS (
    UPDATE payment_attempt SET state = 'replaced' WHERE payment_id = $1 AND state = 'succeeded'
    RETURNING id
), closed AS (
    UPDATE payment_attempt SET state = 'succeeded', provider_ref = $3, closed_at = $4
     WHERE id = $2 AND state = 'pending' AND (SELECT count(*) FROM replaced) >= 0
    RETURNING payment_id, currency, provider, amount
), taken AS (
    INSERT INTO capture (id, payment_id, currency, provider, amount, state, state_seq,
                         provider_ref, created_at)
    SELECT $5, payment_id, currency, provider, amount, 'succeeded', 1, $3, $4 FROM closed
     WHERE $5::uuid IS NOT NULL
    RETURNING id
), taken_noted AS (
    INSERT INTO capture_history (capture_id, seq, from_state, to_state, actor, at)
    SELECT id, 1, 'pending', 'succeeded', $6, $4 FROM taken
), moved AS (
    UPDATE payment SET state = $8, state_seq = state_seq + $9, provider_ref = $3,
           event_seq = event_seq + cardinality($10::uuid[])
      FROM closed WHERE payment.id = closed.payment_id
    RETURNING payment.id, state_seq, event_seq
), noted AS (
    INSERT INTO payment_history (payment_id, seq, from_state, to_state, actor, at)
    SELECT id, state_seq, $7, $8, $6, $4 FROM moved WHERE $9 = 1
), confirmed AS (
    UPDATE orders SET state = 'confirmed', state_seq = state_seq + 1, event_seq = event_seq + 1
      FROM closed
     WHERE orders.id = $14 AND state = 'placed'
       AND grand_total::bigint <= $15 + (
           SELECT coalesce(sum(authorized - voided), 0)::bigint FROM payment AS other
            WHERE other.order_id = $14 AND other.id <> $1
              AND other.state NOT IN ('failed', 'voided', 'expired'))
    RETURNING orders.id, state_seq, event_seq
), confirmed_noted AS (
    INSERT INTO orders_history (orders_id, seq, from_state, to_state, actor, at)
    SELECT id, state_seq, 'placed', 'confirmed', $6, $4 FROM confirmed
)
INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at)
SELECT told.id, 'payment', moved.id, event_seq - cardinality($10) + told.number, told.type,
       told.version, told.payload, $4
  FROM moved, unnest($10, $11::text[], $12::smallint[], $13::jsonb[]) WITH ORDINALITY
                  AS told (id, type, version, payload, number)
 UNION ALL
SELECT $16, 'order', id, event_seq, $17, $18, $19::jsonb, $4 FROM confirmed";
