//! Orders that nobody pays.

use chrono::TimeDelta;
use sqlx::{PgConnection, PgPool};

use super::OrderState;
use super::access::LockedOrder;
use super::cancel::{give_vouchers_back, withdraw};
use super::events::OrderExpired;
use super::units::{Line, all, lines};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::OrderId;
use crate::machine::Move;
use crate::money::Currency;
use crate::value::Label;

/// How long an order waits for its payment by default.
pub const PAYMENT_WAIT: TimeDelta = TimeDelta::hours(24);

// An order that a payment claims is not due: the money may still come.
const DUE: &str = "
    SELECT id FROM orders
     WHERE state = 'placed' AND placed_at <= $1 AND payment_claimed = 0
     ORDER BY placed_at, id LIMIT $2";

const CLAIM: &str = "
    SELECT currency::text FROM orders
     WHERE id = $1 AND state = 'placed' AND payment_claimed = 0
       FOR NO KEY UPDATE SKIP LOCKED";

/// Expires up to `limit` orders that were placed `wait` ago or earlier and that no payment claims:
/// their stock and their vouchers are free again. Gives those that expired.
///
/// Each order has a transaction of its own, and one that somebody is working on is left alone.
///
/// # Errors
/// The database.
pub async fn expire_unpaid(
    pool: &PgPool,
    context: &Context,
    wait: TimeDelta,
    limit: u32,
) -> Result<Vec<OrderId>, DatabaseError> {
    let due: Vec<OrderId> = sqlx::query_scalar(DUE)
        .bind(context.now() - wait)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    let mut expired = Vec::new();
    for order in due {
        let done = crate::transact!(pool, DatabaseError, |connection| {
            expire(connection, context, order).await
        })?;
        expired.extend(done.then_some(order));
    }
    Ok(expired)
}

async fn expire(
    connection: &mut PgConnection,
    context: &Context,
    order: OrderId,
) -> Result<bool, DatabaseError> {
    let claimed: Option<Currency> =
        sqlx::query_scalar(CLAIM).bind(order).fetch_optional(&mut *connection).await?;
    let Some(currency) = claimed else { return Ok(false) };
    let locked = LockedOrder { id: order, state: OrderState::Placed, currency };
    let reason: Label = "not paid in time".parse().expect("a short text");
    let lines = lines(connection, order, currency).await?;
    let open = all(&lines, Line::open)?;
    withdraw(connection, context, locked, &open, &reason).await?;
    give_vouchers_back(connection, context, order).await?;
    let moved = Move::new(order, &[OrderState::Placed], OrderState::Expired)
        .because(reason.as_str())
        .make(connection, context, &OrderExpired { order })
        .await?;
    Ok(moved.is_some())
}
