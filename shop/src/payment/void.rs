//! Voids: held money is given up.

use sqlx::{PgConnection, PgPool};

use super::PaymentState;
use super::events::payment::VoidRequested;
use super::provider::{Answer, Ask, Provider, What};
use super::row::lock;
use super::settle::{self, Outcome, SettleError};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{Id, PaymentId, VoidId};
use crate::money::{Money, ProviderAmountError};

/// Held money to give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Void {
    /// Of which payment.
    pub payment: PaymentId,
    /// How much; all that is left when absent.
    pub amount: Option<Money>,
}

/// What became of a void.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voided {
    /// Which.
    pub void: VoidId,
    /// How much.
    pub amount: Money,
    /// What became of it.
    pub outcome: Outcome,
}

/// Why the provider was not asked, or its answer not booked.
#[derive(Debug, thiserror::Error)]
pub enum VoidError {
    /// There is no such payment.
    #[error("there is no such payment")]
    NotFound,
    /// The payment is another provider's.
    #[error("the payment is another provider's")]
    WrongProvider,
    /// It holds no money: it was never authorised, or has ended without.
    #[error("the payment is {0}")]
    WrongState(PaymentState),
    /// The authorisation is being renewed.
    #[error("an attempt is under way")]
    AttemptPending,
    /// Nothing, or less; also when nothing is left.
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
    /// The answer could not be booked; the void stays open, and recovery books it.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(VoidError {
    "payment_captured_within_authorized" => VoidError::ExceedsAuthorized,
    "positive_amount_in_range" => VoidError::NotPositive,
    "payment_void_in_terms_of_its_payment" => VoidError::OtherCurrency,
});

/// Gives up held money: all of it, or what is left after captures.
///
/// # Errors
/// See [`VoidError`]. A refusal of the provider is none; it is an outcome.
pub async fn void(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    request: Void,
) -> Result<Voided, VoidError> {
    let ask = crate::transact!(pool, VoidError, |connection| {
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
) -> Result<Voided, VoidError> {
    let (void, amount) = (VoidId::from_uuid(ask.key), ask.amount);
    let outcome = match provider.ask(&ask).await {
        Ok(answer) => {
            book(pool, context, ask.payment, void, &answer).await?;
            Outcome::from(&answer)
        }
        Err(_) => Outcome::Unknown,
    };
    Ok(Voided { void, amount, outcome })
}

/// Books an answer in a transaction of its own.
pub(crate) async fn book(
    pool: &PgPool,
    context: &Context,
    payment: PaymentId,
    void: VoidId,
    answer: &Answer,
) -> Result<settle::Effect, SettleError> {
    crate::transact!(pool, SettleError, |connection| {
        settle::void(connection, context, payment, void, answer).await
    })
}

pub(crate) async fn begin(
    connection: &mut PgConnection,
    context: &Context,
    provider: &dyn Provider,
    request: Void,
) -> Result<Ask, VoidError> {
    use PaymentState as P;
    let payment = request.payment;
    let row = lock(connection, payment, false).await?.ok_or(VoidError::NotFound)?;
    if row.provider != provider.code() {
        return Err(VoidError::WrongProvider);
    }
    let holds_none = [
        P::RequiresPaymentMethod,
        P::RequiresAction,
        P::Processing,
        P::Voided,
        P::Failed,
        P::Expired,
    ];
    let of = match row.authorization.clone() {
        Some(of) if !holds_none.contains(&row.state) => of,
        _ => return Err(VoidError::WrongState(row.state)),
    };
    if row.attempt_pending.is_some() {
        return Err(VoidError::AttemptPending);
    }
    let amount = match request.amount {
        Some(amount) => amount,
        None => row.money(row.remaining())?,
    };
    if amount.minor() < 1 {
        return Err(VoidError::NotPositive);
    }
    if amount.currency() != row.currency {
        return Err(VoidError::OtherCurrency);
    }
    let void: VoidId = context.id();
    let units = row.units(amount)?;
    sqlx::query(
        "INSERT INTO payment_void (id, payment_id, currency, provider, amount, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(void)
    .bind(payment)
    .bind(amount.currency())
    .bind(&row.provider)
    .bind(amount.minor())
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    let requested = VoidRequested { payment, void, amount };
    event::append(connection, context, payment, &requested).await?;
    Ok(Ask { key: void.uuid(), payment, amount, units, what: What::Void { of } })
}
