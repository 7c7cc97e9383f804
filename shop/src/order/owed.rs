//! What an order owes its customer: units that were cancelled, got lost or came back, less what
//! was given back for them.
//!
//! Each operation says what its own units are worth; this says what is open in all, after a crash
//! as well as before.

use sqlx::{PgConnection, PgPool};

use super::OrderState;
use super::access::{OrderRefusal, lock};
use super::units::{Line, decode, lines};
use crate::database::DatabaseError;
use crate::id::{OrderId, OrderLineId};
use crate::money::{Currency, Money};

/// What is owed for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwedLine {
    /// Which line.
    pub line: OrderLineId,
    /// How much: nothing when more was given back already, for example out of courtesy.
    pub amount: Money,
}

/// What an order owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// By line, those that owe something.
    pub lines: Vec<OwedLine>,
    /// Shipping and rounding, once the whole order was cancelled or has expired. Whether they were
    /// given back is known to the payments, whose refunds name lines only.
    pub extras: Money,
}

/// Why nobody knows what is owed.
#[derive(Debug, thiserror::Error)]
pub enum OwedError {
    /// The order.
    #[error(transparent)]
    Order(#[from] OrderRefusal),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(OwedError {});

/// What an order costs beside its lines: shipping, and what coins could not pay.
pub(super) async fn extras(
    connection: &mut PgConnection,
    order: OrderId,
    currency: Currency,
) -> Result<Money, sqlx::Error> {
    let minor: i64 = sqlx::query_scalar(
        "SELECT (shipping_amount - shipping_discount
                 + CASE WHEN tax_included THEN 0 ELSE shipping_tax END + rounding)::bigint
           FROM orders WHERE id = $1",
    )
    .bind(order)
    .fetch_one(connection)
    .await?;
    Money::new(minor, currency).map_err(decode)
}

/// What an order owes its customer for units that they paid and will not have.
///
/// # Errors
/// [`OrderRefusal::NotFound`].
pub async fn owed(pool: &PgPool, order: OrderId) -> Result<Owed, OwedError> {
    crate::transact!(pool, OwedError, |connection| {
        let locked = lock::<OwedError>(connection, order, None, OrderState::ALL).await?;
        let refunded: Vec<(OrderLineId, i64)> = sqlx::query_as(
            "SELECT id, refunded::bigint FROM order_line WHERE order_id = $1 ORDER BY id",
        )
        .bind(order)
        .fetch_all(&mut *connection)
        .await?;
        let lines = lines(connection, order, locked.currency).await?;
        let open = |(id, refunded): (OrderLineId, i64)| {
            let line: &Line = lines.get(&id)?;
            Some(line.worth_after(0, line.settled()).and_then(|worth| {
                let back = Money::new(refunded, locked.currency).map_err(decode)?;
                Ok(OwedLine { line: id, amount: worth.minus(back).map_err(decode)? })
            }))
        };
        let mut owed =
            refunded.into_iter().filter_map(open).collect::<Result<Vec<_>, sqlx::Error>>()?;
        owed.retain(|line| !line.amount.is_zero() && !line.amount.is_negative());
        let extras = match locked.state {
            OrderState::Cancelled | OrderState::Expired => {
                extras(connection, order, locked.currency).await?
            }
            _ => Money::zero(locked.currency),
        };
        Ok(Owed { lines: owed, extras })
    })
}
