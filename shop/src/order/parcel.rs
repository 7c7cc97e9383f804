//! What happens to a parcel: it is shipped, arrives, gets lost, or is not sent after all.

use sqlx::{PgConnection, PgPool};

use super::access::{LockedOrder, OrderRefusal, lock_of_fulfilment};
use super::events::{FulfilmentCancelled, FulfilmentDelivered, FulfilmentLost, FulfilmentShipped};
use super::fulfil::MAY_LEAVE;
use super::settle::settle;
use super::units::{OwedUnits, lines};
use super::{FulfilmentState, OrderState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::Event;
use crate::id::{FulfilmentId, OrderLineId};
use crate::inventory;
use crate::machine::Move;
use crate::value::{Label, Quantity};

/// Why nothing happened to a parcel.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// There is no such parcel.
    #[error("there is no such parcel")]
    NotFound,
    /// The parcel is in a state in which this is not possible.
    #[error("the parcel is {0}")]
    State(FulfilmentState),
    /// The order of the parcel.
    #[error(transparent)]
    Order(#[from] OrderRefusal),
    /// Units of it are in a return, which would give their money back once more.
    #[error("the customer is returning units of the parcel")]
    BeingReturned,
    /// The stock that was promised to the order is not there any more: a stock-take found less.
    #[error("the goods are not in stock")]
    OutOfStock,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ParcelError {
    "stock_level_on_hand_not_negative" => ParcelError::OutOfStock,
    "stock_level_never_oversold" => ParcelError::OutOfStock,
});

/// How a parcel is sent.
#[derive(Debug, Clone, Default)]
pub struct Shipment {
    /// Who carries it.
    pub carrier: Option<Label>,
    /// What the carrier calls it.
    pub tracking_number: Option<Label>,
}

async fn find(
    connection: &mut PgConnection,
    fulfilment: FulfilmentId,
) -> Result<LockedOrder, ParcelError> {
    lock_of_fulfilment(connection, fulfilment).await?.ok_or(ParcelError::NotFound)
}

/// Moves a parcel of a locked order.
async fn make<E: Event>(
    connection: &mut PgConnection,
    context: &Context,
    fulfilment: FulfilmentId,
    change: Move<FulfilmentState>,
    event: &E,
) -> Result<(), ParcelError> {
    if change.make(&mut *connection, context, event).await?.is_some() {
        return Ok(());
    }
    let state = sqlx::query_scalar("SELECT state::text FROM fulfilment WHERE id = $1")
        .bind(fulfilment)
        .fetch_one(connection)
        .await?;
    Err(ParcelError::State(state))
}

const LEAVE: &str = "
    INSERT INTO stock_movement (location_id, variant_id, kind, quantity, fulfilment_line_id, actor,
                                at)
    SELECT location_id, variant_id, 'ship', quantity, id, $2, $3
      FROM fulfilment_line WHERE fulfilment_id = $1 AND from_stock
     ORDER BY location_id, variant_id";

/// Sends a parcel: its units leave the stock. Gives the state of the order then.
///
/// # Errors
/// See [`ParcelError`]; a parcel of an order that was cancelled meanwhile is cancelled, too.
pub async fn ship(
    pool: &PgPool,
    context: &Context,
    fulfilment: FulfilmentId,
    shipment: &Shipment,
) -> Result<OrderState, ParcelError> {
    crate::transact!(pool, ParcelError, |connection| {
        ship_within(connection, context, fulfilment, shipment).await
    })
}

/// [`ship`] as a part of the caller's transaction.
pub(crate) async fn ship_within(
    connection: &mut PgConnection,
    context: &Context,
    fulfilment: FulfilmentId,
    shipment: &Shipment,
) -> Result<OrderState, ParcelError> {
    use FulfilmentState::{Pending, Shipped};
    let order = find(connection, fulfilment).await?;
    let mut change = Move::new(fulfilment, &[Pending], Shipped);
    if let Some(carrier) = &shipment.carrier {
        change = change.with("carrier", carrier.as_str());
    }
    if let Some(number) = &shipment.tracking_number {
        change = change.with("tracking_number", number.as_str());
    }
    let event = FulfilmentShipped { order: order.id, fulfilment };
    make(connection, context, fulfilment, change, &event).await?;
    if !MAY_LEAVE.contains(&order.state) {
        Err(OrderRefusal::State(order.state))?;
    }
    sqlx::query(LEAVE)
        .bind(fulfilment)
        .bind(context.actor().as_str())
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
    let shipped: Vec<OrderLineId> = sqlx::query_scalar(
        "SELECT order_line_id FROM fulfilment_line
          WHERE fulfilment_id = $1 AND from_stock ORDER BY order_line_id",
    )
    .bind(fulfilment)
    .fetch_all(&mut *connection)
    .await?;
    if !shipped.is_empty() {
        inventory::settle(connection, context, &shipped).await?;
    }
    Ok(settle(connection, context, order).await?)
}

/// Notes that a parcel has arrived.
///
/// # Errors
/// See [`ParcelError`].
pub async fn deliver(
    pool: &PgPool,
    context: &Context,
    fulfilment: FulfilmentId,
) -> Result<(), ParcelError> {
    crate::transact!(pool, ParcelError, |connection| {
        deliver_within(connection, context, fulfilment).await
    })
}

/// [`deliver`] as a part of the caller's transaction.
pub(crate) async fn deliver_within(
    connection: &mut PgConnection,
    context: &Context,
    fulfilment: FulfilmentId,
) -> Result<(), ParcelError> {
    use FulfilmentState::{Delivered, Shipped};
    let order = find(connection, fulfilment).await?.id;
    let change = Move::new(fulfilment, &[Shipped], Delivered);
    let event = FulfilmentDelivered { order, fulfilment };
    make(connection, context, fulfilment, change, &event).await
}

/// Notes that a parcel will not arrive; gives what its units are worth, which is owed now.
///
/// # Errors
/// See [`ParcelError`].
pub async fn lose(
    pool: &PgPool,
    context: &Context,
    fulfilment: FulfilmentId,
) -> Result<Vec<OwedUnits>, ParcelError> {
    crate::transact!(pool, ParcelError, |connection| {
        lose_within(connection, context, fulfilment).await
    })
}

/// [`lose`] as a part of the caller's transaction.
pub(crate) async fn lose_within(
    connection: &mut PgConnection,
    context: &Context,
    fulfilment: FulfilmentId,
) -> Result<Vec<OwedUnits>, ParcelError> {
    use FulfilmentState::{Lost, Shipped};
    let order = find(connection, fulfilment).await?;
    let lines = lines(connection, order.id, order.currency).await?;
    let change = Move::new(fulfilment, &[Shipped], Lost);
    let event = FulfilmentLost { order: order.id, fulfilment };
    make(connection, context, fulfilment, change, &event).await?;
    let parts: Vec<(OrderLineId, Quantity)> = sqlx::query_as(
        "SELECT order_line_id, quantity::int FROM fulfilment_line WHERE fulfilment_id = $1
          ORDER BY order_line_id",
    )
    .bind(fulfilment)
    .fetch_all(&mut *connection)
    .await?;
    let mut owed = Vec::with_capacity(parts.len());
    for (line, units) in parts {
        let Some(line) = lines.get(&line) else { continue };
        if line.shipped - line.lost - line.returned < i64::from(units.get()) {
            Err(ParcelError::BeingReturned)?;
        }
        owed.push(line.worth(units)?);
    }
    Ok(owed)
}

/// Does not send a parcel after all: its units can be packed again.
///
/// # Errors
/// See [`ParcelError`].
pub async fn cancel_fulfilment(
    pool: &PgPool,
    context: &Context,
    fulfilment: FulfilmentId,
) -> Result<(), ParcelError> {
    crate::transact!(pool, ParcelError, |connection| {
        cancel_fulfilment_within(connection, context, fulfilment).await
    })
}

/// [`cancel_fulfilment`] as a part of the caller's transaction.
pub(crate) async fn cancel_fulfilment_within(
    connection: &mut PgConnection,
    context: &Context,
    fulfilment: FulfilmentId,
) -> Result<(), ParcelError> {
    let order = find(connection, fulfilment).await?;
    unpack(connection, context, order, fulfilment).await
}

/// Cancels a parcel of a locked order.
pub(super) async fn unpack(
    connection: &mut PgConnection,
    context: &Context,
    order: LockedOrder,
    fulfilment: FulfilmentId,
) -> Result<(), ParcelError> {
    use FulfilmentState::{Cancelled, Pending};
    let change = Move::new(fulfilment, &[Pending], Cancelled);
    let event = FulfilmentCancelled { order: order.id, fulfilment };
    make(connection, context, fulfilment, change, &event).await
}
