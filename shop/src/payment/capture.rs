//! Captures: held money is taken.

use sqlx::{PgConnection, PgPool};

use super::events::payment::CaptureRequested;
use super::provider::{Answer, Ask, Provider, What};
use super::row::lock;
use super::settle::{self, Outcome, SettleError};
use super::{CaptureMode, PaymentState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{CaptureId, Id, PaymentId};
use crate::money::{Money, ProviderAmountError};

/// Money to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capture {
    /// Of which payment.
    pub payment: PaymentId,
    /// How much; all that is left when absent.
    pub amount: Option<Money>,
}

/// What became of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Which.
    pub capture: CaptureId,
    /// How much.
    pub amount: Money,
    /// What became of it.
    pub outcome: Outcome,
}

/// Why the provider was not asked, or its answer not booked.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// There is no such payment.
    #[error("there is no such payment")]
    NotFound,
    /// The payment is another provider's.
    #[error("the payment is another provider's")]
    WrongProvider,
    /// It holds no money that could be taken.
    #[error("the payment is {0}")]
    WrongState(PaymentState),
    /// The authorisation is being renewed.
    #[error("an attempt is under way")]
    AttemptPending,
    /// Its time is over.
    #[error("the authorisation has expired")]
    Expired,
    /// Its mode is one capture, and there was one.
    #[error("the payment is captured once only")]
    OnlyOnce,
    /// Nothing, or less.
    #[error("the amount is not more than zero")]
    NotPositive,
    /// The payment is in another currency.
    #[error("the payment is in another currency")]
    OtherCurrency,
    /// More than is held and not yet asked for.
    #[error("more than is authorised")]
    ExceedsAuthorized,
    /// The provider cannot move the amount.
    #[error(transparent)]
    Units(#[from] ProviderAmountError),
    /// The answer could not be booked; the capture stays open, and recovery books it.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CaptureError {
    "payment_captured_within_authorized" => CaptureError::ExceedsAuthorized,
    "positive_amount_in_range" => CaptureError::NotPositive,
    "capture_in_terms_of_its_payment" => CaptureError::OtherCurrency,
});

/// Takes held money: all of it, a part, or a further part.
///
/// # Errors
/// See [`CaptureError`]. A refusal of the provider is none; it is an outcome.
pub async fn capture(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    request: Capture,
) -> Result<Captured, CaptureError> {
    let ask = crate::transact!(pool, CaptureError, |connection| {
        begin(connection, context, provider, request).await
    })?;
    finish(pool, context, provider, ask).await
}

/// Asks the provider, and books what it answers.
pub(crate) async fn finish(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    ask: Ask,
) -> Result<Captured, CaptureError> {
    let (capture, amount) = (CaptureId::from_uuid(ask.key), ask.amount);
    let outcome = match provider.ask(&ask).await {
        Ok(answer) => {
            book(pool, context, ask.payment, capture, &answer).await?;
            Outcome::from(&answer)
        }
        Err(_) => Outcome::Unknown,
    };
    Ok(Captured { capture, amount, outcome })
}

/// Books an answer in a transaction of its own.
pub(crate) async fn book(
    pool: &PgPool,
    context: &Context,
    payment: PaymentId,
    capture: CaptureId,
    answer: &Answer,
) -> Result<settle::Effect, SettleError> {
    crate::transact!(pool, SettleError, |connection| {
        settle::capture(connection, context, payment, capture, answer).await
    })
}

pub(crate) async fn begin(
    connection: &mut PgConnection,
    context: &Context,
    provider: &dyn Provider,
    request: Capture,
) -> Result<Ask, CaptureError> {
    let payment = request.payment;
    let row = lock(connection, payment, false).await?.ok_or(CaptureError::NotFound)?;
    if row.provider != provider.code() {
        return Err(CaptureError::WrongProvider);
    }
    if !matches!(row.state, PaymentState::Authorized | PaymentState::PartiallyCaptured) {
        return Err(CaptureError::WrongState(row.state));
    }
    if row.attempt_pending.is_some() {
        return Err(CaptureError::AttemptPending);
    }
    if row.expires_at.is_some_and(|end| end <= context.now()) {
        return Err(CaptureError::Expired);
    }
    let taken = row.captured + row.capture_pending;
    if row.mode != CaptureMode::ManualMultiple && taken > 0 {
        return Err(CaptureError::OnlyOnce);
    }
    let amount = match request.amount {
        Some(amount) => amount,
        None => row.money(row.remaining())?,
    };
    if amount.minor() < 1 {
        return Err(CaptureError::NotPositive);
    }
    if amount.currency() != row.currency {
        return Err(CaptureError::OtherCurrency);
    }
    let of = row.authorization.clone().ok_or(CaptureError::WrongState(row.state))?;
    let capture: CaptureId = context.id();
    let units = row.units(amount)?;
    sqlx::query(
        "INSERT INTO capture (id, payment_id, currency, provider, amount, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(capture)
    .bind(payment)
    .bind(amount.currency())
    .bind(&row.provider)
    .bind(amount.minor())
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    let requested = CaptureRequested { payment, capture, amount };
    event::append(connection, context, payment, &requested).await?;
    Ok(Ask { key: capture.uuid(), payment, amount, units, what: What::Capture { of } })
}
