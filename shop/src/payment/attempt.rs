//! Attempts: the provider is asked to hold or to take the money of a payment.
//!
//! In: a payment, and what is not stored of its method. Out: what became of the attempt. Its row is
//! committed before the provider is asked and closed after; between the two the provider acts, and
//! whatever is lost then, [`recover`](super::recover()) finds the row and asks again.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row};

use super::capture::{Capture, CaptureError, capture};
use super::events::payment::AttemptRequested;
use super::provider::{Answer, Ask, AskError, Provider, Source, What};
use super::row::{PaymentRow, lock};
use super::settle::{self, Outcome, SettleError};
use super::{CaptureMode, MethodType, PaymentState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::{Event as _, payload};
use crate::id::{AttemptId, EventId, Id, PaymentId, StoreCreditId};
use crate::money::ProviderAmountError;
use crate::payment::method::Expiry;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// Which.
    pub attempt: AttemptId,
    /// What became of it.
    pub outcome: Outcome,
}

/// Why the provider was not asked, or its answer not booked.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// There is no such payment.
    #[error("there is no such payment")]
    NotFound,
    /// The payment is another provider's.
    #[error("the payment is another provider's")]
    WrongProvider,
    /// It is in a state in which this cannot be done.
    #[error("the payment is {0}")]
    WrongState(PaymentState),
    /// Its money is taken at once, so it is purchased; or later, so it is authorised.
    #[error("the payment is captured in another mode")]
    WrongMode,
    /// An attempt is under way.
    #[error("an attempt is under way")]
    AttemptPending,
    /// Held money was asked for or given up already.
    #[error("held money was moved already")]
    MoneyMoved,
    /// Its time is over.
    #[error("the payment has expired")]
    Expired,
    /// The method was deleted.
    #[error("the method was deleted")]
    MethodDeleted,
    /// The card has expired.
    #[error("the card has expired")]
    MethodExpired,
    /// Nothing is stored and nothing was given to pay with.
    #[error("there is nothing to pay with")]
    NoSource,
    /// Something was given that is none of the payment's type.
    #[error("a payment of this type is not made with this")]
    WrongSource,
    /// The provider cannot move the amount.
    #[error(transparent)]
    Units(#[from] ProviderAmountError),
    /// The answer could not be booked; the attempt stays open, and recovery books it.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// The capture that follows an authorisation at a provider that cannot do both at once.
    #[error(transparent)]
    Capture(#[from] Box<CaptureError>),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(AttemptError {
    "payment_attempt_one_pending" => AttemptError::AttemptPending,
});

/// Whether a card's month is over; other methods have none.
pub(crate) fn is_over(expiry: (Option<i16>, Option<i16>), now: DateTime<Utc>) -> bool {
    match expiry {
        (Some(month), Some(year)) => {
            Expiry::new(month.into(), year.into()).and_then(|expiry| expiry.check(now)).is_err()
        }
        _ => false,
    }
}

/// Holds the money of a payment whose mode is to capture later.
///
/// # Errors
/// See [`AttemptError`]. A decline is none; it is an outcome.
pub async fn authorize(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    payment: PaymentId,
    source: Option<Source>,
) -> Result<Attempted, AttemptError> {
    attempt(pool, context, provider, payment, Wanted::Authorization, source).await
}

/// Takes the money of a payment whose mode is to capture at once.
///
/// # Errors
/// See [`AttemptError`]. A decline is none; it is an outcome.
pub async fn purchase(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    payment: PaymentId,
    source: Option<Source>,
) -> Result<Attempted, AttemptError> {
    let attempted = attempt(pool, context, provider, payment, Wanted::Purchase, source).await?;
    take_held(pool, context, provider, payment, attempted).await
}

/// Takes what an attempt has only held, although it was to be taken: at a provider that cannot do
/// both at once.
async fn take_held(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    payment: PaymentId,
    attempted: Attempted,
) -> Result<Attempted, AttemptError> {
    if provider.purchases() || attempted.outcome != Outcome::Authorized {
        return Ok(attempted);
    }
    let all = Capture { payment, amount: None };
    let captured = capture(pool, context, provider, all).await.map_err(Box::new)?;
    Ok(Attempted { outcome: captured.outcome, ..attempted })
}

/// Holds the money anew, before the time of the authorisation is over. The earlier one then counts
/// no more; while the new one is not answered, or when it is declined, it still does.
///
/// # Errors
/// See [`AttemptError`].
pub async fn reauthorize(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    payment: PaymentId,
    source: Option<Source>,
) -> Result<Attempted, AttemptError> {
    attempt(pool, context, provider, payment, Wanted::Reauthorization, source).await
}

/// What an attempt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Authorization,
    Purchase,
    Reauthorization,
}

async fn attempt(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    payment: PaymentId,
    wanted: Wanted,
    source: Option<Source>,
) -> Result<Attempted, AttemptError> {
    let ask = crate::transact!(pool, AttemptError, |connection| {
        begin(connection, context, provider, payment, wanted, source.clone()).await
    })?;
    finish(pool, context, provider, ask).await
}

/// Asks the provider, and books what it answers.
async fn finish(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    ask: Ask,
) -> Result<Attempted, AttemptError> {
    let attempt = AttemptId::from_uuid(ask.key);
    let outcome = match provider.ask(&ask).await {
        Ok(answer) => {
            book(pool, context, ask.payment, attempt, &answer).await?;
            Outcome::from(&answer)
        }
        Err(AskError::TimedOut | AskError::Unreachable) => Outcome::Unknown,
    };
    Ok(Attempted { attempt, outcome })
}

/// Begins whatever attempt fits the payment: one that holds its money, takes it, or holds it anew.
pub(crate) async fn begin_fitting(
    connection: &mut PgConnection,
    context: &Context,
    provider: &dyn Provider,
    payment: PaymentId,
    source: Option<Source>,
) -> Result<Ask, AttemptError> {
    let row = lock(connection, payment, false).await?.ok_or(AttemptError::NotFound)?;
    let wanted = match (row.state, row.mode) {
        (PaymentState::Authorized, _) => Wanted::Reauthorization,
        (_, CaptureMode::Automatic) => Wanted::Purchase,
        _ => Wanted::Authorization,
    };
    begin(connection, context, provider, payment, wanted, source).await
}

/// Asks the provider what [`begin_fitting`] began, and takes held money that was to be taken.
pub(crate) async fn finish_fitting(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    ask: Ask,
) -> Result<Attempted, AttemptError> {
    let payment = ask.payment;
    let attempted = finish(pool, context, provider, ask).await?;
    if provider.purchases() || attempted.outcome != Outcome::Authorized {
        return Ok(attempted);
    }
    let mode: CaptureMode = sqlx::query_scalar("SELECT capture_mode FROM payment WHERE id = $1")
        .bind(payment)
        .fetch_one(pool)
        .await?;
    match mode {
        CaptureMode::Automatic => take_held(pool, context, provider, payment, attempted).await,
        _ => Ok(attempted),
    }
}

/// Books an answer in a transaction of its own.
pub(crate) async fn book(
    pool: &PgPool,
    context: &Context,
    payment: PaymentId,
    attempt: AttemptId,
    answer: &Answer,
) -> Result<settle::Effect, SettleError> {
    crate::transact!(pool, SettleError, |connection| {
        settle::attempt(connection, context, payment, attempt, answer).await
    })
}

async fn begin(
    connection: &mut PgConnection,
    context: &Context,
    provider: &dyn Provider,
    payment: PaymentId,
    wanted: Wanted,
    given: Option<Source>,
) -> Result<Ask, AttemptError> {
    let row = lock(connection, payment, false).await?.ok_or(AttemptError::NotFound)?;
    if row.provider != provider.code() {
        return Err(AttemptError::WrongProvider);
    }
    check(&row, context.now(), wanted)?;
    let source = match given {
        Some(source) if fits(row.method_type, &source) && row.method.is_none() => Some(source),
        Some(_) => return Err(AttemptError::WrongSource),
        None => stored_source(connection, &row, Some(context.now())).await?,
    };
    let source = source.ok_or(AttemptError::NoSource)?;
    let amount = row.money(row.amount)?;
    let attempt: AttemptId = context.id();
    let ask = Ask {
        key: attempt.uuid(),
        payment,
        amount,
        units: row.units(amount)?,
        what: question(&row, provider, Some(source)),
    };
    let requested = AttemptRequested { payment, attempt, amount };
    sqlx::query(REQUEST)
        .bind(attempt)
        .bind(payment)
        .bind(row.currency)
        .bind(&row.provider)
        .bind(row.amount)
        .bind(context.now())
        .bind(context.id::<EventId>())
        .bind(AttemptRequested::TYPE)
        .bind(AttemptRequested::VERSION)
        .bind(payload(&requested)?)
        .execute(connection)
        .await?;
    Ok(ask)
}

// Of a payment that is locked.
const REQUEST: &str = "
    WITH made AS (
        INSERT INTO payment_attempt (id, payment_id, currency, provider, amount, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
    ), told AS (
        UPDATE payment SET event_seq = event_seq + 1 WHERE id = $2 RETURNING id, event_seq
    )
    INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at)
    SELECT $7, 'payment', id, event_seq, $8, $9, $10::jsonb, $6 FROM told";

fn check(row: &PaymentRow, now: DateTime<Utc>, wanted: Wanted) -> Result<(), AttemptError> {
    let needed = match wanted {
        Wanted::Reauthorization => PaymentState::Authorized,
        Wanted::Authorization | Wanted::Purchase => PaymentState::RequiresPaymentMethod,
    };
    if row.state != needed {
        return Err(AttemptError::WrongState(row.state));
    }
    let at_once = row.mode == CaptureMode::Automatic;
    if wanted != Wanted::Reauthorization && at_once != (wanted == Wanted::Purchase) {
        return Err(AttemptError::WrongMode);
    }
    if row.attempt_pending.is_some() {
        return Err(AttemptError::AttemptPending);
    }
    if row.captured != 0 || row.capture_pending != 0 || row.voided != 0 {
        return Err(AttemptError::MoneyMoved);
    }
    if row.expires_at.is_some_and(|end| end <= now) {
        return Err(AttemptError::Expired);
    }
    Ok(())
}

/// What an attempt on the payment asks; the same when it is asked again.
pub(crate) fn question(row: &PaymentRow, provider: &dyn Provider, source: Option<Source>) -> What {
    let at_once = row.mode == CaptureMode::Automatic && provider.purchases();
    if at_once && row.state != PaymentState::Authorized {
        What::Purchase { source }
    } else {
        What::Authorize { source, replaces: row.authorization.clone() }
    }
}

/// Whether a payment of the type is made with such a thing.
fn fits(method_type: MethodType, source: &Source) -> bool {
    match (method_type, source) {
        (MethodType::GiftCard, Source::GiftCard(_) | Source::Credit(_))
        | (MethodType::StoreCredit, Source::Credit(_)) => true,
        (MethodType::GiftCard | MethodType::StoreCredit, _)
        | (_, Source::GiftCard(_) | Source::Credit(_)) => false,
        (kind, Source::Customer) => needs_nothing(kind),
        (kind, Source::Token(_)) => !needs_nothing(kind),
    }
}

/// Types for which the customer comes with the money, or is sent to where it is.
const fn needs_nothing(method_type: MethodType) -> bool {
    matches!(
        method_type,
        MethodType::BankTransfer
            | MethodType::BankRedirect
            | MethodType::Voucher
            | MethodType::CashOnDelivery
    )
}

/// What is stored to pay with. `now` is absent where the provider was asked before: it has a
/// record then, whatever has become of the method.
pub(crate) async fn stored_source(
    connection: &mut PgConnection,
    row: &PaymentRow,
    now: Option<DateTime<Utc>>,
) -> Result<Option<Source>, AttemptError> {
    let nothing = needs_nothing(row.method_type).then_some(Source::Customer);
    let Some(method) = row.method else { return Ok(nothing) };
    let found = sqlx::query(
        "SELECT token, store_credit_id, deleted_at IS NOT NULL, exp_month, exp_year
           FROM payment_method WHERE id = $1 FOR SHARE",
    )
    .bind(method)
    .fetch_one(connection)
    .await?;
    if let Some(now) = now {
        if found.try_get(2)? {
            return Err(AttemptError::MethodDeleted);
        }
        if is_over((found.try_get(3)?, found.try_get(4)?), now) {
            return Err(AttemptError::MethodExpired);
        }
    }
    let account: Option<StoreCreditId> = found.try_get(1)?;
    if let Some(account) = account {
        return Ok(Some(Source::Credit(account)));
    }
    let token: Option<String> = found.try_get(0)?;
    let token = token.map(|token| token.parse().map(Source::Token)).transpose();
    Ok(token.map_err(|error| sqlx::Error::Decode(Box::new(error)))?.or(nothing))
}
