//! Disputes: the customer's bank takes money back until it is decided who keeps it.
//!
//! In: news of the provider, and our decision to answer or to accept. Out: the dispute moved, and
//! the payment with it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::events::payment::{
    DisputeAccepted, DisputeCanceled, DisputeChallenged, DisputeExpired, DisputeLost,
    DisputeOpened, DisputeWon,
};
use super::reference::ProviderReference;
use super::row::{PaymentRow, lock, read};
use super::settle::move_to;
use super::{DisputeState as D, PaymentState as P};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{DisputeId, PaymentId};
use crate::machine::{Move, Moved};
use crate::money::Money;
use crate::value::Label;

/// A dispute that the provider tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDispute {
    /// Of which payment.
    pub payment: PaymentId,
    /// About how much.
    pub amount: Money,
    /// What the customer says.
    pub reason: Label,
    /// The provider's name of it.
    pub reference: ProviderReference,
    /// Until when we can answer.
    pub respond_by: DateTime<Utc>,
}

/// Why a dispute was not opened or moved.
#[derive(Debug, thiserror::Error)]
pub enum DisputeError {
    /// There is no such payment or dispute.
    #[error("there is no such payment or dispute")]
    NotFound,
    /// No money was taken, or it is not ours any more.
    #[error("the payment is {0}")]
    WrongState(P),
    /// Another dispute of the payment is open.
    #[error("another dispute is open")]
    AlreadyOpen,
    /// The provider's dispute is known already.
    #[error("the dispute is known already")]
    Known,
    /// The dispute is in a state from which it does not go there.
    #[error("a dispute that is {from} does not become {to}")]
    NotAllowed {
        /// Where it is.
        from: D,
        /// Where it should have gone.
        to: D,
    },
    /// Nothing, or less.
    #[error("the amount is not more than zero")]
    NotPositive,
    /// The payment is in another currency.
    #[error("the payment is in another currency")]
    OtherCurrency,
    /// More than was taken and not given back.
    #[error("more than was captured")]
    ExceedsCaptured,
    /// The time to answer is over before it begins.
    #[error("the time to answer is over")]
    AnswerOverdue,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(DisputeError {
    "dispute_one_open" => DisputeError::AlreadyOpen,
    "dispute_provider_ref_once" => DisputeError::Known,
    "positive_amount_in_range" => DisputeError::NotPositive,
    "dispute_in_terms_of_its_payment" => DisputeError::OtherCurrency,
    "payment_refunded_within_captured" => DisputeError::ExceedsCaptured,
    "dispute_answered_after_creation" => DisputeError::AnswerOverdue,
});

/// Opens a dispute: its money is not ours until it is won or taken back.
///
/// # Errors
/// See [`DisputeError`].
pub async fn open_dispute(
    connection: &mut PgConnection,
    context: &Context,
    request: &OpenDispute,
) -> Result<DisputeId, DisputeError> {
    let payment = request.payment;
    let row = lock(connection, payment, false).await?.ok_or(DisputeError::NotFound)?;
    if request.amount.minor() < 1 {
        return Err(DisputeError::NotPositive);
    }
    if request.amount.currency() != row.currency {
        return Err(DisputeError::OtherCurrency);
    }
    if row.state == P::Disputed {
        return Err(known_or_open(connection, &row, &request.reference).await?);
    }
    let from = [P::PartiallyCaptured, P::Captured, P::PartiallyRefunded];
    if !from.contains(&row.state) {
        return Err(DisputeError::WrongState(row.state));
    }
    let dispute: DisputeId = context.id();
    sqlx::query(
        "INSERT INTO dispute (id, payment_id, currency, provider, amount, reason, provider_ref,
                              created_at, respond_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(dispute)
    .bind(payment)
    .bind(request.amount.currency())
    .bind(&row.provider)
    .bind(request.amount.minor())
    .bind(request.reason.as_str())
    .bind(&request.reference)
    .bind(context.now())
    .bind(request.respond_by)
    .execute(&mut *connection)
    .await?;
    let opened = DisputeOpened { payment, dispute, amount: request.amount };
    event::append(&mut *connection, context, payment, &opened).await?;
    let row = read(connection, payment).await?.ok_or(DisputeError::NotFound)?;
    move_to(connection, context, &row, &from, P::Disputed, None).await?;
    Ok(dispute)
}

async fn known_or_open(
    connection: &mut PgConnection,
    row: &PaymentRow,
    reference: &ProviderReference,
) -> Result<DisputeError, sqlx::Error> {
    let known: Option<bool> =
        sqlx::query_scalar("SELECT true FROM dispute WHERE provider = $1 AND provider_ref = $2")
            .bind(&row.provider)
            .bind(reference)
            .fetch_optional(connection)
            .await?;
    Ok(if known.is_some() { DisputeError::Known } else { DisputeError::AlreadyOpen })
}

/// Moves a dispute: we answer it or accept it, or the bank has decided.
///
/// # Errors
/// [`DisputeError::NotAllowed`] for a move that a dispute does not make.
pub async fn move_dispute(
    connection: &mut PgConnection,
    context: &Context,
    dispute: DisputeId,
    to: D,
) -> Result<(), DisputeError> {
    let payment: Option<PaymentId> =
        sqlx::query_scalar("SELECT payment_id FROM dispute WHERE id = $1")
            .bind(dispute)
            .fetch_optional(&mut *connection)
            .await?;
    let payment = payment.ok_or(DisputeError::NotFound)?;
    lock(connection, payment, false).await?.ok_or(DisputeError::NotFound)?;
    if step(connection, context, payment, dispute, to).await?.is_none() {
        let from: D = sqlx::query_scalar("SELECT state FROM dispute WHERE id = $1")
            .bind(dispute)
            .fetch_one(connection)
            .await?;
        return Err(DisputeError::NotAllowed { from, to });
    }
    let row = read(connection, payment).await?.ok_or(DisputeError::NotFound)?;
    let target = match to {
        D::Opened | D::Challenged => return Ok(()),
        D::Won | D::Canceled if row.refunded > 0 => P::PartiallyRefunded,
        D::Won | D::Canceled => P::Captured,
        D::Accepted | D::Lost | D::Expired => P::ChargedBack,
    };
    move_to(connection, context, &row, &[P::Disputed], target, Some(to.as_str())).await?;
    Ok(())
}

async fn step(
    connection: &mut PgConnection,
    context: &Context,
    payment: PaymentId,
    dispute: DisputeId,
    to: D,
) -> Result<Option<Moved<D>>, sqlx::Error> {
    let open = [D::Opened, D::Challenged];
    macro_rules! make {
        ($from:expr, $event:ident) => {
            Move::new(dispute, $from, to)
                .make(connection, context, &$event { payment, dispute })
                .await
        };
    }
    match to {
        D::Opened => Ok(None),
        D::Challenged => make!(&[D::Opened], DisputeChallenged),
        D::Accepted => make!(&open, DisputeAccepted),
        D::Won => make!(&open, DisputeWon),
        D::Lost => make!(&open, DisputeLost),
        D::Expired => make!(&[D::Opened], DisputeExpired),
        D::Canceled => make!(&open, DisputeCanceled),
    }
}
