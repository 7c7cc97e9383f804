//! Returns: asked for, agreed to, received, their money given back.

use sqlx::{PgConnection, PgPool};

use super::access::{LockedOrder, OrderRefusal, lock, lock_of_return};
use super::events::{
    ReturnApproved, ReturnCancelled, ReturnCompleted, ReturnRejected, ReturnRequested,
};
use super::units::{Line, Units, UnitsRefusal, lines, named};
use super::{OrderState, ReturnState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::{self, Event};
use crate::id::{CustomerId, OrderId, OrderLineId, ReturnId, ReturnLineId, VariantId};
use crate::machine::Move;
use crate::value::{Label, Quantity};

/// The goods that a customer wants to send back.
#[derive(Debug, Clone)]
pub struct RequestReturn {
    /// Of which order.
    pub order: OrderId,
    /// The customer who asks, for their own order; none when the shop does it.
    pub customer: Option<CustomerId>,
    /// Which units.
    pub units: Vec<Units>,
    /// Why.
    pub reason: Label,
}

/// Why there is no return.
#[derive(Debug, thiserror::Error)]
pub enum RequestReturnError {
    /// The order.
    #[error(transparent)]
    Order(#[from] OrderRefusal),
    /// The units: only those can come back that have left and did not get lost.
    #[error(transparent)]
    Units(#[from] UnitsRefusal),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RequestReturnError {});

/// Why nothing happened to a return.
#[derive(Debug, thiserror::Error)]
pub enum ReturnError {
    /// There is no such return, or it is somebody else's.
    #[error("there is no such return")]
    NotFound,
    /// The return is in a state in which this is not possible.
    #[error("the return is {0}")]
    State(ReturnState),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ReturnError {});

const RETURNABLE: &[OrderState] =
    &[OrderState::PartiallyFulfilled, OrderState::Fulfilled, OrderState::PartiallyReturned];

/// Units that have left, and neither got lost nor are in a return.
fn returnable(line: &Line) -> i64 {
    line.shipped - line.lost - line.returned
}

const WRITE: &str = "
    WITH made AS (
        INSERT INTO order_return (id, order_id, reason, created_at) VALUES ($1, $2, $3, $4))
    INSERT INTO order_return_line (id, return_id, order_id, order_line_id, variant_id, quantity)
    SELECT part.id, $1, $2, part.line, part.variant, part.quantity
      FROM unnest($5::uuid[], $6::uuid[], $7::uuid[], $8::int[])
               AS part (id, line, variant, quantity)
     ORDER BY part.line";

/// Asks to send units back.
///
/// # Errors
/// See [`RequestReturnError`].
pub async fn request_return(
    pool: &PgPool,
    context: &Context,
    request: &RequestReturn,
) -> Result<ReturnId, RequestReturnError> {
    crate::transact!(pool, RequestReturnError, |connection| {
        request_return_within(connection, context, request).await
    })
}

/// [`request_return`] as a part of the caller's transaction.
pub(crate) async fn request_return_within(
    connection: &mut PgConnection,
    context: &Context,
    request: &RequestReturn,
) -> Result<ReturnId, RequestReturnError> {
    let returned: ReturnId = context.id();
    let RequestReturn { order, customer, units, reason } = request;
    let locked = lock::<RequestReturnError>(connection, *order, *customer, RETURNABLE).await?;
    let lines = lines(connection, *order, locked.currency).await?;
    let units = named(&lines, units, returnable)?;
    let ids: Vec<ReturnLineId> = units.iter().map(|_| context.id()).collect();
    let of: Vec<OrderLineId> = units.iter().map(|(line, _)| line.id).collect();
    let variants: Vec<VariantId> = units.iter().map(|(line, _)| line.variant).collect();
    let quantities: Vec<Quantity> = units.iter().map(|(_, quantity)| *quantity).collect();
    sqlx::query(WRITE)
        .bind(returned)
        .bind(order)
        .bind(reason.as_str())
        .bind(context.now())
        .bind(ids)
        .bind(of)
        .bind(variants)
        .bind(quantities)
        .execute(&mut *connection)
        .await?;
    let event = ReturnRequested { order: *order, returned };
    event::append(connection, context, *order, &event).await?;
    Ok(returned)
}

/// Agrees to take goods back.
///
/// # Errors
/// See [`ReturnError`].
pub async fn approve_return(
    pool: &PgPool,
    context: &Context,
    returned: ReturnId,
) -> Result<(), ReturnError> {
    crate::transact!(pool, ReturnError, |connection| {
        approve_return_within(connection, context, returned).await
    })
}

/// [`approve_return`] as a part of the caller's transaction.
pub(crate) async fn approve_return_within(
    connection: &mut PgConnection,
    context: &Context,
    returned: ReturnId,
) -> Result<(), ReturnError> {
    use ReturnState::{Approved, Requested};
    let order = find(connection, returned, None).await?.id;
    let change = Move::new(returned, &[Requested], Approved);
    make(connection, context, returned, change, &ReturnApproved { order, returned }).await
}

/// Does not take goods back.
///
/// # Errors
/// See [`ReturnError`].
pub async fn reject_return(
    pool: &PgPool,
    context: &Context,
    returned: ReturnId,
    reason: &Label,
) -> Result<(), ReturnError> {
    crate::transact!(pool, ReturnError, |connection| {
        reject_return_within(connection, context, returned, reason).await
    })
}

/// [`reject_return`] as a part of the caller's transaction.
pub(crate) async fn reject_return_within(
    connection: &mut PgConnection,
    context: &Context,
    returned: ReturnId,
    reason: &Label,
) -> Result<(), ReturnError> {
    use ReturnState::{Rejected, Requested};
    let order = find(connection, returned, None).await?.id;
    let change = Move::new(returned, &[Requested], Rejected).because(reason.as_str());
    make(connection, context, returned, change, &ReturnRejected { order, returned }).await
}

/// Keeps the goods after all; possible until they are here. A customer does it for their own.
///
/// # Errors
/// See [`ReturnError`].
pub async fn cancel_return(
    pool: &PgPool,
    context: &Context,
    returned: ReturnId,
    customer: Option<CustomerId>,
) -> Result<(), ReturnError> {
    crate::transact!(pool, ReturnError, |connection| {
        cancel_return_within(connection, context, returned, customer).await
    })
}

/// [`cancel_return`] as a part of the caller's transaction.
pub(crate) async fn cancel_return_within(
    connection: &mut PgConnection,
    context: &Context,
    returned: ReturnId,
    customer: Option<CustomerId>,
) -> Result<(), ReturnError> {
    use ReturnState::{Approved, Cancelled, Requested};
    let order = find(connection, returned, customer).await?.id;
    let change = Move::new(returned, &[Requested, Approved], Cancelled);
    make(connection, context, returned, change, &ReturnCancelled { order, returned }).await
}

/// Notes that the money of goods that came back was given back.
///
/// # Errors
/// See [`ReturnError`].
pub async fn complete_return(
    pool: &PgPool,
    context: &Context,
    returned: ReturnId,
) -> Result<(), ReturnError> {
    crate::transact!(pool, ReturnError, |connection| {
        complete_return_within(connection, context, returned).await
    })
}

/// [`complete_return`] as a part of the caller's transaction.
pub(crate) async fn complete_return_within(
    connection: &mut PgConnection,
    context: &Context,
    returned: ReturnId,
) -> Result<(), ReturnError> {
    use ReturnState::{Completed, Received};
    let order = find(connection, returned, None).await?.id;
    let change = Move::new(returned, &[Received], Completed);
    make(connection, context, returned, change, &ReturnCompleted { order, returned }).await
}

/// Locks the order of a return.
pub(super) async fn find(
    connection: &mut PgConnection,
    returned: ReturnId,
    customer: Option<CustomerId>,
) -> Result<LockedOrder, ReturnError> {
    lock_of_return(connection, returned, customer).await?.ok_or(ReturnError::NotFound)
}

/// Moves a return of a locked order.
pub(super) async fn make<E: Event>(
    connection: &mut PgConnection,
    context: &Context,
    returned: ReturnId,
    change: Move<ReturnState>,
    event: &E,
) -> Result<(), ReturnError> {
    if change.make(&mut *connection, context, event).await?.is_some() {
        return Ok(());
    }
    let state = sqlx::query_scalar("SELECT state::text FROM order_return WHERE id = $1")
        .bind(returned)
        .fetch_one(connection)
        .await?;
    Err(ReturnError::State(state))
}
