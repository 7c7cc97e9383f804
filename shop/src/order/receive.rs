//! Goods that are back: what can be sold again goes into stock, and the money is owed.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};

use super::events::ReturnReceived;
use super::returns::{ReturnError, find, make};
use super::settle::settle;
use super::units::{OwedUnits, Units, decode, lines};
use super::{OrderState, ReturnState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{LocationId, OrderLineId, ReturnId, ReturnLineId};
use crate::machine::Move;
use crate::money::Money;
use crate::value::Quantity;

/// Goods that have arrived.
#[derive(Debug, Clone)]
pub struct ReceiveReturn {
    /// Of which return.
    pub returned: ReturnId,
    /// Where they are.
    pub location: LocationId,
    /// What can be sold again, at most once per line; what is not named cannot.
    pub restock: Vec<Units>,
}

/// What came of goods that are back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnReceipt {
    /// The state of the order now.
    pub state: OrderState,
    /// The units, with what the customer paid for exactly these.
    pub units: Vec<OwedUnits>,
    /// The sum: what must go back to the customer.
    pub money_back: Money,
}

/// Why goods were not received.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveReturnError {
    /// The return.
    #[error(transparent)]
    Return(ReturnError),
    /// A line to restock is not one of the return, or is named twice.
    #[error("{0} is not a line of the return")]
    NotInReturn(OrderLineId),
    /// More is to be restocked than came back.
    #[error("more of {0} is restocked than came back")]
    RestocksTooMany(OrderLineId),
    /// There is no such location, or not any more.
    #[error("there is no such location")]
    NoSuchLocation,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ReceiveReturnError {
    "order_return_line_to_a_location" => ReceiveReturnError::NoSuchLocation,
    "stock_level_at_a_location" => ReceiveReturnError::NoSuchLocation,
    "stock_level_in_use_at_a_live_location" => ReceiveReturnError::NoSuchLocation,
});

impl From<ReturnError> for ReceiveReturnError {
    fn from(error: ReturnError) -> Self {
        match error {
            ReturnError::Database(error) => Self::Database(error),
            refusal => Self::Return(refusal),
        }
    }
}

/// Takes the goods of a return that was agreed to.
///
/// # Errors
/// See [`ReceiveReturnError`].
pub async fn receive_return(
    pool: &PgPool,
    context: &Context,
    request: &ReceiveReturn,
) -> Result<ReturnReceipt, ReceiveReturnError> {
    crate::transact!(pool, ReceiveReturnError, |connection| {
        receive_return_within(connection, context, request).await
    })
}

/// [`receive_return`] as a part of the caller's transaction.
pub(crate) async fn receive_return_within(
    connection: &mut PgConnection,
    context: &Context,
    request: &ReceiveReturn,
) -> Result<ReturnReceipt, ReceiveReturnError> {
    let returned = request.returned;
    let order = find(connection, returned, None).await?;
    let parts = parts(connection, returned).await?;
    let before = lines(connection, order.id, order.currency).await?;
    let owed = parts
        .iter()
        .filter_map(|part| Some(before.get(&part.line)?.worth(part.quantity)))
        .collect::<Result<Vec<_>, _>>()?;
    let nothing = Money::zero(order.currency);
    let amount =
        owed.iter().try_fold(nothing, |sum, units| sum.plus(units.amount)).map_err(decode)?;
    let change = Move::new(returned, &[ReturnState::Approved], ReturnState::Received);
    let event = ReturnReceived { order: order.id, returned, amount };
    make(connection, context, returned, change, &event).await?;
    restock(connection, context, request, &parts).await?;
    let state = settle(connection, context, order).await?;
    Ok(ReturnReceipt { state, units: owed, money_back: amount })
}

/// A line of a return.
struct Part {
    id: ReturnLineId,
    line: OrderLineId,
    quantity: Quantity,
}

async fn parts(
    connection: &mut PgConnection,
    returned: ReturnId,
) -> Result<Vec<Part>, sqlx::Error> {
    let rows: Vec<(ReturnLineId, OrderLineId, Quantity)> = sqlx::query_as(
        "SELECT id, order_line_id, quantity::int FROM order_return_line WHERE return_id = $1
          ORDER BY order_line_id",
    )
    .bind(returned)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(id, line, quantity)| Part { id, line, quantity }).collect())
}

const RESTOCK: &str = "
    UPDATE order_return_line SET location_id = $2, restocked = item.restocked
      FROM unnest($3::uuid[], $4::int[]) AS item (id, restocked)
     WHERE order_return_line.id = item.id AND order_return_line.return_id = $1";

const LEVELS: &str = "
    INSERT INTO stock_level (location_id, variant_id)
    SELECT location_id, variant_id FROM order_return_line
     WHERE return_id = $1 AND restocked IS NOT NULL ORDER BY location_id, variant_id
        ON CONFLICT ON CONSTRAINT stock_level_identity DO NOTHING";

const ARRIVE: &str = "
    INSERT INTO stock_movement (location_id, variant_id, kind, quantity, return_line_id, actor, at)
    SELECT location_id, variant_id, 'return', restocked, id, $2, $3
      FROM order_return_line WHERE return_id = $1 AND restocked IS NOT NULL
     ORDER BY location_id, variant_id";

/// Notes where the goods are, and puts into stock what can be sold again.
async fn restock(
    connection: &mut PgConnection,
    context: &Context,
    request: &ReceiveReturn,
    parts: &[Part],
) -> Result<(), ReceiveReturnError> {
    let mut wanted: BTreeMap<OrderLineId, Quantity> = BTreeMap::new();
    for &Units { line, quantity } in &request.restock {
        let part = parts.iter().find(|part| part.line == line);
        let part = part.ok_or(ReceiveReturnError::NotInReturn(line))?;
        if quantity.get() > part.quantity.get() {
            return Err(ReceiveReturnError::RestocksTooMany(line));
        }
        if wanted.insert(line, quantity).is_some() {
            return Err(ReceiveReturnError::NotInReturn(line));
        }
    }
    let ids: Vec<ReturnLineId> = parts.iter().map(|part| part.id).collect();
    let restocked: Vec<Option<Quantity>> =
        parts.iter().map(|part| wanted.get(&part.line).copied()).collect();
    sqlx::query(RESTOCK)
        .bind(request.returned)
        .bind(request.location)
        .bind(ids)
        .bind(restocked)
        .execute(&mut *connection)
        .await?;
    if wanted.is_empty() {
        return Ok(());
    }
    sqlx::query(LEVELS).bind(request.returned).execute(&mut *connection).await?;
    sqlx::query(ARRIVE)
        .bind(request.returned)
        .bind(context.actor().as_str())
        .bind(context.now())
        .execute(connection)
        .await?;
    Ok(())
}
