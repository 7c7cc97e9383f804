//! Recovery: what was asked and not answered is asked again, under the same key.
//!
//! In: the rows that are still open. Out: their answers, booked. A row is written before the
//! provider is asked, so everything that may have happened there has a row here; a provider acts
//! once per key, so asking again is safe at every point at which the process may have ended.
//!
//! **Invariant**: makes no new row that moves money, except the capture that a payment in automatic
//! mode was promised.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::attempt::{AttemptError, question, stored_source};
use super::capture::{Capture, CaptureError, capture};
use super::provider::{Ask, Provider, What};
use super::refund::RefundError;
use super::row::lock;
use super::settle::{Effect, SettleError};
use super::void::VoidError;
use super::{attempt, capture as captures, refund as refunds, void as voids};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{AttemptId, CaptureId, Id, PaymentId, RefundId, VoidId};
use crate::payment::PaymentState;

/// What a round of recovery came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Rows whose answer was booked.
    pub settled: u32,
    /// Rows that the provider still has nothing final to say about.
    pub waiting: u32,
    /// Rows about which it did not answer.
    pub unknown: u32,
    /// Rows whose answer contradicts the books: a person must look.
    pub contradictions: u32,
}

/// Which kind of row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Attempt,
    Capture,
    Void,
    Refund,
}

/// Asks the provider what was begun, and books what it answers, if it does.
pub(crate) async fn finish(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    kind: Kind,
    ask: Ask,
) -> Result<(), SettleError> {
    match kind {
        Kind::Attempt => match attempt::finish_fitting(pool, context, provider, ask).await {
            Err(AttemptError::Settle(error)) => Err(error),
            Err(AttemptError::Database(error)) => Err(error.into()),
            // Where it was refused after all, the money is held, and recovery takes it.
            Ok(_) | Err(_) => Ok(()),
        },
        Kind::Capture => match captures::finish(pool, context, provider, ask).await {
            Err(CaptureError::Settle(error)) => Err(error),
            Err(CaptureError::Database(error)) => Err(error.into()),
            _ => Ok(()),
        },
        Kind::Void => match voids::finish(pool, context, provider, ask).await {
            Err(VoidError::Settle(error)) => Err(error),
            Err(VoidError::Database(error)) => Err(error.into()),
            _ => Ok(()),
        },
        Kind::Refund => match refunds::finish(pool, context, provider, ask).await {
            Err(RefundError::Settle(error)) => Err(error),
            Err(RefundError::Database(error)) => Err(error.into()),
            _ => Ok(()),
        },
    }
}

/// Finishes what somebody began who is gone; nothing, if it has been answered meanwhile.
pub(crate) async fn resume(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    kind: Kind,
    key: uuid::Uuid,
    payment: PaymentId,
) -> Result<(), SettleError> {
    match again(pool, provider, kind, key, payment).await? {
        Some(ask) => finish(pool, context, provider, kind, ask).await,
        None => Ok(()),
    }
}

/// Asks again about every open row of the provider that was written before `before`: a minute ago
/// leaves those alone that are being asked right now, although asking them twice would do no harm.
///
/// # Errors
/// The database.
pub async fn recover(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    before: DateTime<Utc>,
) -> Result<Recovered, DatabaseError> {
    let mut round = Recovered::default();
    for (kind, key, payment) in open(pool, provider.code(), before).await? {
        let Some(ask) = again(pool, provider, kind, key, payment).await? else { continue };
        let Ok(answer) = provider.ask(&ask).await else {
            round.unknown += 1;
            continue;
        };
        let booked = match kind {
            Kind::Attempt => {
                attempt::book(pool, context, payment, AttemptId::from_uuid(key), &answer).await
            }
            Kind::Capture => {
                captures::book(pool, context, payment, CaptureId::from_uuid(key), &answer).await
            }
            Kind::Void => {
                voids::book(pool, context, payment, VoidId::from_uuid(key), &answer).await
            }
            Kind::Refund => {
                refunds::book(pool, context, payment, RefundId::from_uuid(key), &answer).await
            }
        };
        match booked {
            Ok(Effect::Applied) => round.settled += 1,
            Ok(Effect::Nothing) => round.waiting += 1,
            Err(SettleError::Database(error)) => return Err(error),
            Err(_) => round.contradictions += 1,
        }
    }
    promised(pool, context, provider, before, &mut round).await?;
    Ok(round)
}

/// The rows without an answer, by kind: attempts before what builds on them.
async fn open(
    pool: &PgPool,
    provider: &str,
    before: DateTime<Utc>,
) -> Result<Vec<(Kind, uuid::Uuid, PaymentId)>, DatabaseError> {
    let rows: Vec<(i32, uuid::Uuid, PaymentId)> = sqlx::query_as(
        "SELECT 0 AS kind, id, payment_id FROM payment_attempt
          WHERE state = 'pending' AND provider = $1 AND created_at <= $2
          UNION ALL
         SELECT 1, id, payment_id FROM capture
          WHERE state = 'pending' AND provider = $1 AND created_at <= $2
          UNION ALL
         SELECT 2, id, payment_id FROM payment_void
          WHERE state = 'pending' AND provider = $1 AND created_at <= $2
          UNION ALL
         SELECT 3, id, payment_id FROM refund
          WHERE state = 'pending' AND provider = $1 AND created_at <= $2
          ORDER BY kind, id",
    )
    .bind(provider)
    .bind(before)
    .fetch_all(pool)
    .await?;
    let kind = |number| match number {
        0 => Kind::Attempt,
        1 => Kind::Capture,
        2 => Kind::Void,
        _ => Kind::Refund,
    };
    Ok(rows.into_iter().map(|(number, id, payment)| (kind(number), id, payment)).collect())
}

/// The question that was asked under the key; none when it has been answered meanwhile.
async fn again(
    pool: &PgPool,
    provider: &dyn Provider,
    kind: Kind,
    key: uuid::Uuid,
    payment: PaymentId,
) -> Result<Option<Ask>, DatabaseError> {
    let asked = crate::transact!(pool, AttemptError, |connection| {
        let row = lock(connection, payment, false).await?.ok_or(AttemptError::NotFound)?;
        let minor: Option<i64> = sqlx::query_scalar(match kind {
            Kind::Attempt => {
                "SELECT amount::bigint FROM payment_attempt WHERE id = $1 AND state = 'pending'"
            }
            Kind::Capture => {
                "SELECT amount::bigint FROM capture WHERE id = $1 AND state = 'pending'"
            }
            Kind::Void => {
                "SELECT amount::bigint FROM payment_void WHERE id = $1 AND state = 'pending'"
            }
            Kind::Refund => "SELECT amount::bigint FROM refund WHERE id = $1 AND state = 'pending'",
        })
        .bind(key)
        .fetch_optional(&mut *connection)
        .await?;
        let of = row.authorization.clone();
        let what = match (kind, of) {
            (Kind::Attempt, _) => {
                let source = stored_source(connection, &row, None).await?;
                Some(question(&row, provider, source))
            }
            (Kind::Capture, Some(of)) => Some(What::Capture { of }),
            (Kind::Void, Some(of)) => Some(What::Void { of }),
            (Kind::Refund, Some(of)) => Some(What::Refund { of }),
            (_, None) => None,
        };
        match (minor, what) {
            (Some(minor), Some(what)) => {
                let amount = row.money(minor)?;
                let units = row.units(amount)?;
                Ok(Some(Ask { key, payment, amount, units, what }))
            }
            _ => Ok(None),
        }
    });
    match asked {
        Ok(ask) => Ok(ask),
        Err(AttemptError::Database(error)) => Err(error),
        // The payment, its terms and its method do not change, so what was asked once can be asked
        // again; if it cannot, the row is left for a person.
        Err(_) => Ok(None),
    }
}

/// Takes the money of payments that are to be captured at once, at a provider that holds it first.
async fn promised(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    before: DateTime<Utc>,
    round: &mut Recovered,
) -> Result<(), DatabaseError> {
    let payments: Vec<PaymentId> = sqlx::query_scalar(
        "SELECT id FROM payment
          WHERE provider = $1 AND state = $2 AND capture_mode = 'automatic' AND created_at <= $3
            AND NOT EXISTS (SELECT FROM capture WHERE payment_id = payment.id)
          ORDER BY id",
    )
    .bind(provider.code())
    .bind(PaymentState::Authorized)
    .bind(before)
    .fetch_all(pool)
    .await?;
    for payment in payments {
        match capture(pool, context, provider, Capture { payment, amount: None }).await {
            Ok(_) => round.settled += 1,
            Err(super::CaptureError::Database(error)) => return Err(error),
            Err(_) => round.contradictions += 1,
        }
    }
    Ok(())
}
