//! A payment begins.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row};

use super::events::payment::PaymentStarted;
use super::{CaptureMode, MethodType};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::{Event as _, payload};
use crate::id::{CustomerId, EventId, OrderId, PaymentId, PaymentMethodId};
use crate::money::Money;
use crate::order::OrderState;
use crate::value::Slug;

/// With what an order is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayWith {
    /// A method that the customer has stored.
    Stored(PaymentMethodId),
    /// Something that is given with the attempt and not stored.
    Once {
        /// Its type.
        method_type: MethodType,
        /// Who moves the money.
        provider: Slug,
    },
}

/// A payment to begin.
#[derive(Debug, Clone)]
pub struct Start {
    /// What it is for.
    pub order: OrderId,
    /// How much: the order's total, or a part.
    pub amount: Money,
    /// With what.
    pub with: PayWith,
    /// When the money is taken.
    pub capture_mode: CaptureMode,
    /// Until when it must have come to something.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why a payment was not begun.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no such order.
    #[error("there is no such order")]
    NoOrder,
    /// The order has been cancelled, has expired or was returned.
    #[error("the order is not to be paid any more")]
    OrderClosed,
    /// Nothing, or less.
    #[error("the amount is not more than zero")]
    NotPositive,
    /// The order is in another currency.
    #[error("the order is in another currency")]
    OtherCurrency,
    /// The order's payments together would be more than its total.
    #[error("the order would be paid twice")]
    ExceedsTotal,
    /// The provider does not exist, or does not take the currency.
    #[error("the provider does not take this currency")]
    NotTaken,
    /// Methods of this type are not paid through this provider.
    #[error("methods of this type are not paid through this provider")]
    WrongProvider,
    /// There is no such method.
    #[error("there is no such method")]
    NoMethod,
    /// The method was deleted.
    #[error("the method was deleted")]
    MethodDeleted,
    /// The card has expired.
    #[error("the card has expired")]
    MethodExpired,
    /// The method is another customer's.
    #[error("the method is somebody else's")]
    ForeignMethod,
    /// The payment would have ended already.
    #[error("the payment would have expired already")]
    ExpiresInThePast,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(StartError {
    "positive_amount_in_range" => StartError::NotPositive,
    "orders_never_paid_twice" => StartError::ExceedsTotal,
    "payment_in_the_currency_of_its_order" => StartError::OtherCurrency,
    "payment_in_a_currency_of_its_provider" => StartError::NotTaken,
    "payment_expires_after_creation" => StartError::ExpiresInThePast,
});

/// Begins a payment; no provider is asked yet. Its amount is claimed of the order at once.
///
/// One statement where nothing stored is paid with, so that it needs no transaction around it.
///
/// # Errors
/// See [`StartError`].
pub async fn start(
    connection: &mut PgConnection,
    context: &Context,
    request: &Start,
) -> Result<PaymentId, StartError> {
    if request.amount.minor() < 1 {
        return Err(StartError::NotPositive);
    }
    if request.expires_at.is_some_and(|end| end <= context.now()) {
        return Err(StartError::ExpiresInThePast);
    }
    let (method_type, provider, method) = match &request.with {
        PayWith::Stored(method) => {
            let customer = payable(connection, request).await?;
            let (method_type, provider) = stored(connection, context, customer, *method).await?;
            (method_type, provider, Some(*method))
        }
        PayWith::Once { method_type, provider } => (*method_type, provider.clone(), None),
    };
    if !method_type.is_kept_by(provider.as_str()) {
        return Err(StartError::WrongProvider);
    }
    let payment: PaymentId = context.id();
    let started = PaymentStarted {
        payment,
        order: request.order,
        amount: request.amount,
        method_type,
        method,
        provider,
        capture_mode: request.capture_mode,
    };
    let state: Option<OrderState> = sqlx::query_scalar(START)
        .bind(payment)
        .bind(request.order)
        .bind(request.amount.currency())
        .bind(started.provider.as_str())
        .bind(method_type)
        .bind(method)
        .bind(request.amount.minor())
        .bind(request.capture_mode)
        .bind(context.now())
        .bind(request.expires_at)
        .bind(context.id::<EventId>())
        .bind(PaymentStarted::TYPE)
        .bind(PaymentStarted::VERSION)
        .bind(payload(&started)?)
        .fetch_optional(connection)
        .await?;
    still_payable(state.ok_or(StartError::NoOrder)?)?;
    Ok(payment)
}

// Locks the order, and writes the payment and its event while the order is to be paid.
const START: &str = "
    WITH held AS MATERIALIZED (
        SELECT id, state FROM orders WHERE id = $2 FOR NO KEY UPDATE
    ), made AS (
        INSERT INTO payment (id, order_id, currency, provider, method_type, payment_method_id,
                             amount, capture_mode, created_at, expires_at, event_seq)
        SELECT $1, id, $3, $4, $5, $6::uuid, $7::bigint, $8, $9::timestamptz, $10::timestamptz, 1
          FROM held WHERE state NOT IN ('cancelled', 'expired', 'returned')
        RETURNING id
    ), told AS (
        INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload,
                            occurred_at)
        SELECT $11, 'payment', id, 1, $12, $13, $14::jsonb, $9 FROM made
    )
    SELECT state FROM held";

/// Locks the order, and says whose it is.
async fn payable(
    connection: &mut PgConnection,
    request: &Start,
) -> Result<Option<CustomerId>, StartError> {
    let row = sqlx::query("SELECT customer_id, state FROM orders WHERE id = $1 FOR NO KEY UPDATE")
        .bind(request.order)
        .fetch_optional(connection)
        .await?
        .ok_or(StartError::NoOrder)?;
    still_payable(row.try_get(1)?)?;
    Ok(row.try_get(0)?)
}

fn still_payable(order: OrderState) -> Result<(), StartError> {
    match order {
        OrderState::Cancelled | OrderState::Expired | OrderState::Returned => {
            Err(StartError::OrderClosed)
        }
        _ => Ok(()),
    }
}

/// The type and provider of a stored method that the order's customer may use now.
async fn stored(
    connection: &mut PgConnection,
    context: &Context,
    customer: Option<CustomerId>,
    method: PaymentMethodId,
) -> Result<(MethodType, Slug), StartError> {
    let row = sqlx::query(
        "SELECT customer_id, type, provider, deleted_at IS NOT NULL, exp_month, exp_year
           FROM payment_method WHERE id = $1 FOR SHARE",
    )
    .bind(method)
    .fetch_optional(connection)
    .await?
    .ok_or(StartError::NoMethod)?;
    if Some(row.try_get::<CustomerId, _>(0)?) != customer {
        return Err(StartError::ForeignMethod);
    }
    if row.try_get(3)? {
        return Err(StartError::MethodDeleted);
    }
    let expiry: (Option<i16>, Option<i16>) = (row.try_get(4)?, row.try_get(5)?);
    if super::attempt::is_over(expiry, context.now()) {
        return Err(StartError::MethodExpired);
    }
    Ok((row.try_get(1)?, row.try_get(2)?))
}
