//! An order that is paid.

use sqlx::PgConnection;

use super::OrderState;
use super::events::OrderConfirmed;
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::OrderId;
use crate::machine::Move;

/// What confirming an order came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// It is confirmed now.
    Now,
    /// It had been confirmed before: a payment that is told twice has one effect.
    Before,
}

/// Why an order was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// There is none of this id.
    #[error("there is no such order")]
    NotFound,
    /// It was cancelled or has expired: the money that came for it must go back.
    #[error("the order is {0}")]
    Closed(OrderState),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ConfirmError {});

/// Confirms a placed order; its goods may leave then. Part of the transaction that booked the
/// payment by which it is paid.
///
/// # Errors
/// See [`ConfirmError`]. On [`ConfirmError::Closed`] the payment must be kept and given back; the
/// transaction is still usable.
pub async fn confirm(
    connection: &mut PgConnection,
    context: &Context,
    order: OrderId,
) -> Result<Confirmed, ConfirmError> {
    let moved = Move::new(order, &[OrderState::Placed], OrderState::Confirmed)
        .make(&mut *connection, context, &OrderConfirmed { order })
        .await?;
    if moved.is_some() {
        return Ok(Confirmed::Now);
    }
    let state: Option<OrderState> = sqlx::query_scalar("SELECT state FROM orders WHERE id = $1")
        .bind(order)
        .fetch_optional(&mut *connection)
        .await?;
    match state.ok_or(ConfirmError::NotFound)? {
        closed @ (OrderState::Cancelled | OrderState::Expired) => Err(ConfirmError::Closed(closed)),
        _ => Ok(Confirmed::Before),
    }
}
