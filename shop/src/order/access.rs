//! Who may do something to an order, and when.
//!
//! In: an order and somebody. Out: the order's row, locked, or the reason why not. Everything that
//! belongs to an order is changed under this lock, so two never serve or cancel the same unit.

use sqlx::PgConnection;

use super::OrderState;
use crate::id::{CustomerId, FulfilmentId, OrderId, ReturnId};
use crate::money::Currency;

/// Why nothing was done to an order. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefusal {
    /// There is none of this id.
    #[error("there is no such order")]
    NotFound,
    /// It belongs to somebody else.
    #[error("the order is not theirs")]
    Foreign,
    /// It is in a state in which this is not possible.
    #[error("the order is {0}")]
    State(OrderState),
}

/// The row of an order, locked until the transaction ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct LockedOrder {
    pub(super) id: OrderId,
    pub(super) state: OrderState,
    pub(super) currency: Currency,
}

const BY_ORDER: &str = "
    SELECT id, state::text, currency::text, customer_id FROM orders
     WHERE id = $1 FOR NO KEY UPDATE";
const BY_FULFILMENT: &str = "
    SELECT id, state::text, currency::text, customer_id FROM orders
     WHERE id = (SELECT order_id FROM fulfilment WHERE id = $1) FOR NO KEY UPDATE";
const BY_RETURN: &str = "
    SELECT id, state::text, currency::text, customer_id FROM orders
     WHERE id = (SELECT order_id FROM order_return WHERE id = $1) FOR NO KEY UPDATE";

type Row = (OrderId, OrderState, Currency, Option<CustomerId>);

/// Locks an order in one of `states`; for a customer only their own, for none any.
pub(super) async fn lock<E>(
    connection: &mut PgConnection,
    order: OrderId,
    customer: Option<CustomerId>,
    states: &[OrderState],
) -> Result<LockedOrder, E>
where
    E: From<OrderRefusal> + From<sqlx::Error>,
{
    let row: Option<Row> = sqlx::query_as(BY_ORDER).bind(order).fetch_optional(connection).await?;
    let (id, state, currency, owner) = row.ok_or(OrderRefusal::NotFound)?;
    if customer.is_some() && customer != owner {
        return Err(OrderRefusal::Foreign.into());
    }
    if !states.contains(&state) {
        return Err(OrderRefusal::State(state).into());
    }
    Ok(LockedOrder { id, state, currency })
}

/// Locks the order of a parcel; none when there is no such parcel.
pub(super) async fn lock_of_fulfilment(
    connection: &mut PgConnection,
    fulfilment: FulfilmentId,
) -> Result<Option<LockedOrder>, sqlx::Error> {
    let row: Option<Row> =
        sqlx::query_as(BY_FULFILMENT).bind(fulfilment).fetch_optional(connection).await?;
    Ok(row.map(|(id, state, currency, _)| LockedOrder { id, state, currency }))
}

/// Locks the order of a return, for a customer only their own; none when there is no such return.
pub(super) async fn lock_of_return(
    connection: &mut PgConnection,
    returned: ReturnId,
    customer: Option<CustomerId>,
) -> Result<Option<LockedOrder>, sqlx::Error> {
    let row: Option<Row> =
        sqlx::query_as(BY_RETURN).bind(returned).fetch_optional(connection).await?;
    Ok(row
        .filter(|(.., owner)| customer.is_none() || customer == *owner)
        .map(|(id, state, currency, _)| LockedOrder { id, state, currency }))
}
