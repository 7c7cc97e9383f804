//! Cancelling: the whole order before anything has left, or units that have not left yet.

use sqlx::{PgConnection, PgPool};

use super::OrderState;
use super::access::{LockedOrder, OrderRefusal, lock};
use super::events::OrderUnitsCancelled;
use super::owed::extras;
use super::parcel::{ParcelError, unpack};
use super::settle::settle;
use super::units::{Line, OwedUnits, Units, UnitsRefusal, all, lines, named};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{CustomerId, FulfilmentId, OrderId};
use crate::inventory::{self, WithdrawError};
use crate::money::{Money, MoneyError};
use crate::value::{Label, Quantity};

/// What shall be cancelled.
#[derive(Debug, Clone)]
pub struct Cancel {
    /// Of which order.
    pub order: OrderId,
    /// The customer who asks, for their own order; none when the shop does it.
    pub customer: Option<CustomerId>,
    /// Units; none for the whole order.
    pub units: Option<Vec<Units>>,
    /// Why.
    pub reason: Label,
}

/// What was cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// The state of the order now.
    pub state: OrderState,
    /// The units, with what each is worth.
    pub units: Vec<OwedUnits>,
    /// What is owed beside them once nothing will be delivered: shipping and cash rounding.
    pub extras: Money,
    /// The sum: what must go back to the customer, as far as it was paid.
    pub money_back: Money,
}

/// Why nothing was cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// The order.
    #[error(transparent)]
    Order(#[from] OrderRefusal),
    /// The units.
    #[error(transparent)]
    Units(#[from] UnitsRefusal),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CancelError {});

impl From<ParcelError> for CancelError {
    fn from(error: ParcelError) -> Self {
        match error {
            ParcelError::Database(error) => Self::Database(error),
            ParcelError::Order(refusal) => Self::Order(refusal),
            // The parcel was found pending under the lock of its order.
            other => Self::Database(DatabaseError::Other(super::units::decode(other))),
        }
    }
}

const WHOLE: &[OrderState] = &[OrderState::Placed, OrderState::Confirmed];
const PARTS: &[OrderState] =
    &[OrderState::Confirmed, OrderState::PartiallyFulfilled, OrderState::PartiallyReturned];

/// Cancels an order, or units of it: stock is free again, and once nothing will be delivered,
/// vouchers are, too.
///
/// The whole order is cancelled only before anything has left; parcels that are being packed are
/// unpacked. Units are cancelled only of an order that is paid, and only while they are in no
/// parcel.
///
/// # Errors
/// See [`CancelError`].
pub async fn cancel(
    pool: &PgPool,
    context: &Context,
    request: &Cancel,
) -> Result<Cancelled, CancelError> {
    crate::transact!(pool, CancelError, |connection| {
        cancel_within(connection, context, request).await
    })
}

/// [`cancel`] as a part of the caller's transaction.
pub(crate) async fn cancel_within(
    connection: &mut PgConnection,
    context: &Context,
    request: &Cancel,
) -> Result<Cancelled, CancelError> {
    let states = if request.units.is_some() { PARTS } else { WHOLE };
    let order = lock::<CancelError>(connection, request.order, request.customer, states).await?;
    if request.units.is_none() {
        unpack_all(connection, context, order).await?;
    }
    let lines = lines(connection, order.id, order.currency).await?;
    let units = match &request.units {
        Some(units) => named(&lines, units, Line::open)?,
        None => all(&lines, Line::open)?,
    };
    let owed = withdraw(connection, context, order, &units, &request.reason).await?;
    let state = settle(connection, context, order).await?;
    let extras = match state {
        OrderState::Cancelled => {
            give_vouchers_back(connection, context, order.id).await?;
            extras(connection, order.id, order.currency).await?
        }
        _ => Money::zero(order.currency),
    };
    let money_back = sum(&owed, extras).map_err(super::units::decode)?;
    Ok(Cancelled { state, units: owed, extras, money_back })
}

fn sum(units: &[OwedUnits], extras: Money) -> Result<Money, MoneyError> {
    units.iter().try_fold(extras, |sum, units| sum.plus(units.amount))
}

/// Cancels the parcels of a locked order that have not left.
async fn unpack_all(
    connection: &mut PgConnection,
    context: &Context,
    order: LockedOrder,
) -> Result<(), CancelError> {
    let pending: Vec<FulfilmentId> = sqlx::query_scalar(
        "SELECT id FROM fulfilment WHERE order_id = $1 AND state = 'pending' ORDER BY id",
    )
    .bind(order.id)
    .fetch_all(&mut *connection)
    .await?;
    for fulfilment in pending {
        unpack(connection, context, order, fulfilment).await?;
    }
    Ok(())
}

// Levels are locked in the order of their keys, before cancellations, which come in the order of
// their lines, move them.
const LOCK_LEVELS: &str = "
    SELECT FROM stock_level
     WHERE (location_id, variant_id) IN (
           SELECT reservation.location_id, reservation.variant_id
             FROM reservation JOIN order_line ON order_line.id = reservation.order_line_id
            WHERE order_line.order_id = $1)
     ORDER BY location_id, variant_id FOR NO KEY UPDATE";

/// Cancels open units of a locked order and gives their stock back; gives what they are worth.
pub(super) async fn withdraw(
    connection: &mut PgConnection,
    context: &Context,
    order: LockedOrder,
    units: &[(&Line, Quantity)],
    reason: &Label,
) -> Result<Vec<OwedUnits>, DatabaseError> {
    sqlx::query(LOCK_LEVELS).bind(order.id).execute(&mut *connection).await?;
    let mut owed = Vec::with_capacity(units.len());
    for (line, wanted) in units {
        match inventory::withdraw(connection, context, line.id, *wanted, reason).await {
            Ok(_) => {}
            Err(WithdrawError::Database(error)) => return Err(error),
            // The lock of the order keeps its open units open.
            Err(error) => return Err(DatabaseError::Other(super::units::decode(error))),
        }
        let units = line.worth(*wanted)?;
        let OwedUnits { line, quantity, amount } = units;
        let event = OrderUnitsCancelled { order: order.id, line, quantity, amount };
        event::append(&mut *connection, context, order.id, &event).await?;
        owed.push(units);
    }
    Ok(owed)
}

/// Gives back the vouchers of an order of which nothing will be delivered.
pub(super) async fn give_vouchers_back(
    connection: &mut PgConnection,
    context: &Context,
    order: OrderId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH used AS (
             SELECT voucher_id FROM voucher_redemption
              WHERE order_id = $1 AND state = 'redeemed' ORDER BY voucher_id FOR NO KEY UPDATE)
         UPDATE voucher_redemption SET state = 'given_back', given_back_at = $2 FROM used
          WHERE order_id = $1 AND voucher_redemption.voucher_id = used.voucher_id",
    )
    .bind(order)
    .bind(context.now())
    .execute(connection)
    .await?;
    Ok(())
}
