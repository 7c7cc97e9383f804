//! Refunds: taken money goes back.

use sqlx::{PgConnection, PgPool, Row};

use super::events::payment::{RefundRequested, RefundSubmitted};
use super::provider::{Answer, Ask, Provider, What};
use super::reference::Note;
use super::row::{PaymentRow, lock};
use super::settle::{self, Outcome, SettleError};
use super::{PaymentState, RefundReason, RefundState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{Id, OrderLineId, PaymentId, RefundId, ReturnId};
use crate::machine::Move;
use crate::money::{Money, MoneyError, ProviderAmountError};

/// A part of a refund that is for one order line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundLine {
    /// Which.
    pub order_line: OrderLineId,
    /// How much.
    pub amount: Money,
}

/// Money to give back.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Of which payment.
    pub payment: PaymentId,
    /// How much; all that was taken and not given back when absent.
    pub amount: Option<Money>,
    /// Why.
    pub reason: RefundReason,
    /// What somebody has to say about it; needed for [`RefundReason::Other`].
    pub note: Option<Note>,
    /// What it is for; the rest is for nothing in particular, such as shipping.
    pub lines: Vec<RefundLine>,
    /// The return that it follows.
    pub for_return: Option<ReturnId>,
}

/// What became of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refunded {
    /// Which.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
    /// What became of it.
    pub outcome: Outcome,
}

/// Why the provider was not asked, or its answer not booked.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// There is no such payment, or no such refund.
    #[error("there is no such payment")]
    NotFound,
    /// The payment is another provider's.
    #[error("the payment is another provider's")]
    WrongProvider,
    /// No money was taken, or none is left.
    #[error("the payment is {0}")]
    WrongState(PaymentState),
    /// The refund is not one that waits for somebody.
    #[error("the refund is not one that waits for somebody")]
    NotWaiting,
    /// Nothing, or less.
    #[error("the amount is not more than zero")]
    NotPositive,
    /// All that is left was asked for, and nothing is: the rest is claimed back already.
    #[error("nothing is left to give back")]
    NothingLeft,
    /// The payment is in another currency.
    #[error("the payment is in another currency")]
    OtherCurrency,
    /// More than was taken and not given back, pending and disputed money included.
    #[error("more than was captured")]
    ExceedsCaptured,
    /// The lines together are more than the refund.
    #[error("the lines are more than the refund")]
    LinesExceedAmount,
    /// A line would get back more than it cost.
    #[error("a line would get back more than it cost")]
    ExceedsLine,
    /// A line is named twice.
    #[error("a line is named twice")]
    LineTwice,
    /// A line of another order.
    #[error("a line is not one of the order")]
    ForeignLine,
    /// A return of another order.
    #[error("the return is not one of the order")]
    ForeignReturn,
    /// `Other` without a note.
    #[error("the reason needs a note")]
    Unexplained,
    /// The provider cannot move the amount.
    #[error(transparent)]
    Units(#[from] ProviderAmountError),
    /// Money out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The answer could not be booked; the refund stays open, and recovery books it.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RefundError {
    "payment_refunded_within_captured" => RefundError::ExceedsCaptured,
    "positive_amount_in_range" => RefundError::NotPositive,
    "refund_in_terms_of_its_payment" => RefundError::OtherCurrency,
    "refund_assigned_within_amount" => RefundError::LinesExceedAmount,
    "order_line_refunds_at_most_its_total" => RefundError::ExceedsLine,
    "refund_line_identity" => RefundError::LineTwice,
    "refund_line_of_a_line_of_its_order" => RefundError::ForeignLine,
    "refund_line_in_terms_of_its_refund" => RefundError::OtherCurrency,
    "refund_for_a_return_of_its_order" => RefundError::ForeignReturn,
    "refund_explained" => RefundError::Unexplained,
});

/// Gives money back: all of it, a part, or a further part.
///
/// # Errors
/// See [`RefundError`]. A refusal of the provider is none; it is an outcome.
pub async fn refund(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    request: &Refund,
) -> Result<Refunded, RefundError> {
    let ask = crate::transact!(pool, RefundError, |connection| {
        begin(connection, context, provider, request).await
    })?;
    finish(pool, context, provider, ask).await
}

/// Asks again for a refund that waits for somebody to say where the money shall go.
///
/// # Errors
/// [`RefundError::NotWaiting`] for any other refund.
pub async fn resubmit_refund(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    refund: RefundId,
) -> Result<Refunded, RefundError> {
    let ask = crate::transact!(pool, RefundError, |connection| {
        let found: Option<(PaymentId, i64)> =
            sqlx::query_as("SELECT payment_id, amount::bigint FROM refund WHERE id = $1")
                .bind(refund)
                .fetch_optional(&mut *connection)
                .await?;
        let (payment, minor) = found.ok_or(RefundError::NotFound)?;
        let row = lock(connection, payment, false).await?.ok_or(RefundError::NotFound)?;
        let amount = row.money(minor)?;
        let moved = Move::new(refund, &[RefundState::RequiresAction], RefundState::Pending)
            .make(connection, context, &RefundSubmitted { payment, refund, amount })
            .await?;
        if moved.is_none() {
            Err(RefundError::NotWaiting)
        } else {
            question(&row, provider, refund, amount)
        }
    })?;
    finish(pool, context, provider, ask).await
}

/// Calls off a refund that waits for somebody.
///
/// # Errors
/// [`RefundError::NotWaiting`] for any other refund.
pub async fn cancel_refund(
    pool: &PgPool,
    context: &Context,
    refund: RefundId,
) -> Result<(), RefundError> {
    let found: Option<(PaymentId, RefundState)> =
        sqlx::query_as("SELECT payment_id, state FROM refund WHERE id = $1")
            .bind(refund)
            .fetch_optional(pool)
            .await?;
    let (payment, state) = found.ok_or(RefundError::NotFound)?;
    if state != RefundState::RequiresAction {
        return Err(RefundError::NotWaiting);
    }
    book(pool, context, payment, refund, &Answer::Canceled).await?;
    Ok(())
}

/// Asks the provider, and books what it answers.
pub(crate) async fn finish(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    ask: Ask,
) -> Result<Refunded, RefundError> {
    let (refund, amount) = (RefundId::from_uuid(ask.key), ask.amount);
    let outcome = match provider.ask(&ask).await {
        Ok(answer) => {
            book(pool, context, ask.payment, refund, &answer).await?;
            Outcome::from(&answer)
        }
        Err(_) => Outcome::Unknown,
    };
    Ok(Refunded { refund, amount, outcome })
}

/// Books an answer in a transaction of its own.
pub(crate) async fn book(
    pool: &PgPool,
    context: &Context,
    payment: PaymentId,
    refund: RefundId,
    answer: &Answer,
) -> Result<settle::Effect, SettleError> {
    crate::transact!(pool, SettleError, |connection| {
        settle::refund(connection, context, payment, refund, answer).await
    })
}

fn question(
    row: &PaymentRow,
    provider: &dyn Provider,
    refund: RefundId,
    amount: Money,
) -> Result<Ask, RefundError> {
    if row.provider != provider.code() {
        return Err(RefundError::WrongProvider);
    }
    let of = row.authorization.clone().ok_or(RefundError::WrongState(row.state))?;
    let (units, what) = (row.units(amount)?, What::Refund { of });
    Ok(Ask { key: refund.uuid(), payment: row.id, amount, units, what })
}

pub(crate) async fn begin(
    connection: &mut PgConnection,
    context: &Context,
    provider: &dyn Provider,
    request: &Refund,
) -> Result<Ask, RefundError> {
    use PaymentState as P;
    let lines = !request.lines.is_empty();
    let payment = request.payment;
    let row = lock(connection, payment, lines).await?.ok_or(RefundError::NotFound)?;
    if !matches!(row.state, P::PartiallyCaptured | P::Captured | P::PartiallyRefunded) {
        return Err(RefundError::WrongState(row.state));
    }
    let amount = match request.amount {
        Some(amount) => amount,
        None => match refundable(connection, &row).await? {
            ..1 => return Err(RefundError::NothingLeft),
            left => row.money(left)?,
        },
    };
    if amount.minor() < 1 || request.lines.iter().any(|line| line.amount.minor() < 1) {
        return Err(RefundError::NotPositive);
    }
    if std::iter::once(amount)
        .chain(request.lines.iter().map(|line| line.amount))
        .any(|amount| amount.currency() != row.currency)
    {
        return Err(RefundError::OtherCurrency);
    }
    let refund: RefundId = context.id();
    let ask = question(&row, provider, refund, amount)?;
    insert(connection, context, &row, refund, amount, request).await?;
    let requested = RefundRequested { payment, refund, amount, reason: request.reason };
    event::append(connection, context, payment, &requested).await?;
    Ok(ask)
}

/// What was taken and nobody has claimed back.
async fn refundable(connection: &mut PgConnection, row: &PaymentRow) -> Result<i64, sqlx::Error> {
    sqlx::query("SELECT captured - refunded - refund_pending - disputed FROM payment WHERE id = $1")
        .bind(row.id)
        .fetch_one(connection)
        .await?
        .try_get(0)
}

async fn insert(
    connection: &mut PgConnection,
    context: &Context,
    row: &PaymentRow,
    refund: RefundId,
    amount: Money,
    request: &Refund,
) -> Result<(), RefundError> {
    sqlx::query(
        "INSERT INTO refund (id, payment_id, order_id, currency, provider, amount, reason, note,
                             return_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(refund)
    .bind(row.id)
    .bind(row.order)
    .bind(row.currency)
    .bind(&row.provider)
    .bind(amount.minor())
    .bind(request.reason)
    .bind(request.note.as_ref().map(Note::as_str))
    .bind(request.for_return)
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    let mut lines = request.lines.clone();
    lines.sort_by_key(|line| line.order_line);
    for line in lines {
        sqlx::query(
            "INSERT INTO refund_line (refund_id, order_line_id, order_id, currency, amount)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(refund)
        .bind(line.order_line)
        .bind(row.order)
        .bind(line.amount.currency())
        .bind(line.amount.minor())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
