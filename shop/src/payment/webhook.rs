//! News of a provider that nobody asked for.
//!
//! In: a [`Notice`], whose signature was checked. Out: it is stored once per id, then applied
//! through the same doors as an answer. What comes twice changes nothing; what comes late does not
//! undo later news; what comes before our own commit waits and is tried again.
//!
//! **Invariant**: stored first, in a transaction of its own, so that no notice is lost.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::DisputeState;
use super::dispute::{DisputeError, OpenDispute, move_dispute, open_dispute};
use super::provider::Answer;
use super::reference::ProviderReference;
use super::settle::{self, Effect, SettleError};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{AttemptId, CaptureId, DisputeId, Id as _, PaymentId, RefundId, VoidId};
use crate::money::Money;
use crate::value::{Label, Slug};

/// How often a notice is tried before a person must look: for a bit more than an hour.
const TRIES: i32 = 12;

/// What a notice is about. A provider echoes the ids of our rows, which are its keys.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "about", rename_all = "snake_case", deny_unknown_fields)]
pub enum News {
    /// What became of an attempt, also later: a purchase that was returned has failed.
    Attempt {
        /// Which.
        attempt: AttemptId,
        /// What became of it.
        became: Answer,
    },
    /// What became of a capture.
    Capture {
        /// Which.
        capture: CaptureId,
        /// What became of it.
        became: Answer,
    },
    /// What became of a void.
    Void {
        /// Which.
        void: VoidId,
        /// What became of it.
        became: Answer,
    },
    /// What became of a refund, also later.
    Refund {
        /// Which.
        refund: RefundId,
        /// What became of it.
        became: Answer,
    },
    /// The customer's bank takes money back.
    DisputeOpened {
        /// The provider's name of the authorisation or purchase.
        of: ProviderReference,
        /// The provider's name of the dispute.
        dispute: ProviderReference,
        /// About how much.
        amount: Money,
        /// What the customer says.
        reason: Label,
        /// Until when we can answer.
        respond_by: DateTime<Utc>,
    },
    /// A dispute goes on or ends.
    DisputeChanged {
        /// The provider's name of the dispute.
        dispute: ProviderReference,
        /// What it is now.
        became: DisputeState,
    },
}

impl News {
    /// The type, for people who look at the table.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Attempt { .. } => "attempt",
            Self::Capture { .. } => "capture",
            Self::Void { .. } => "void",
            Self::Refund { .. } => "refund",
            Self::DisputeOpened { .. } => "dispute.opened",
            Self::DisputeChanged { .. } => "dispute.changed",
        }
    }

    /// What news must not overtake each other about.
    fn subject(&self) -> String {
        match self {
            Self::Attempt { attempt, .. } => attempt.to_string(),
            Self::Capture { capture, .. } => capture.to_string(),
            Self::Void { void, .. } => void.to_string(),
            Self::Refund { refund, .. } => refund.to_string(),
            Self::DisputeOpened { dispute, .. } | Self::DisputeChanged { dispute, .. } => {
                dispute.to_string()
            }
        }
    }
}

/// What a provider told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Who.
    pub provider: Slug,
    /// The provider's id of the notice: the same notice has the same one however often it comes.
    pub event: ProviderReference,
    /// When it happened there.
    pub occurred_at: DateTime<Utc>,
    /// What happened.
    pub news: News,
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It changed something.
    Applied,
    /// It told nothing new, or later news were heard before it.
    Ignored,
    /// It is about something that we do not know yet, or that does not fit yet.
    Waiting,
    /// It was tried often enough: a person must look.
    Failed,
    /// It had come before.
    Duplicate,
}

/// Why a notice was not stored or tried.
#[derive(Debug, thiserror::Error)]
pub enum HearError {
    /// There is no such provider.
    #[error("there is no such provider")]
    NoProvider,
    /// The stored notice cannot be read.
    #[error("the stored notice cannot be read")]
    Unreadable,
    /// What it says could not be booked.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// What it says of a dispute could not be booked.
    #[error(transparent)]
    Dispute(#[from] DisputeError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(HearError {
    "webhook_received_from_a_provider" => HearError::NoProvider,
});

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Stored {
    subject: String,
    news: News,
}

/// Stores a notice, and applies it if it is new. The provider may be told that it has arrived as
/// soon as this returns, whatever became of it.
///
/// # Errors
/// See [`HearError`]; where it was not stored the provider sends it again.
pub async fn hear(pool: &PgPool, context: &Context, notice: &Notice) -> Result<Heard, HearError> {
    let stored = Stored { subject: notice.news.subject(), news: notice.news.clone() };
    let new = sqlx::query(
        "INSERT INTO webhook_received (provider, event_id, type, payload, occurred_at,
                                       received_at, next_attempt_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT ON CONSTRAINT webhook_received_once DO NOTHING",
    )
    .bind(notice.provider.as_str())
    .bind(&notice.event)
    .bind(notice.news.kind())
    .bind(sqlx::types::Json(stored))
    .bind(notice.occurred_at)
    .bind(context.now())
    .execute(pool)
    .await?
    .rows_affected();
    if new == 0 {
        return Ok(Heard::Duplicate);
    }
    apply(pool, context, notice.provider.as_str(), notice.event.as_str()).await
}

/// Tries the notices again that wait and are due; says what became of each.
///
/// # Errors
/// The database.
pub async fn apply_due(
    pool: &PgPool,
    context: &Context,
    limit: u32,
) -> Result<Vec<Heard>, HearError> {
    let due: Vec<(String, String)> = sqlx::query_as(
        "SELECT provider::text, event_id::text FROM webhook_received
          WHERE state = 'received' AND next_attempt_at <= $1
          ORDER BY occurred_at, provider, event_id LIMIT $2",
    )
    .bind(context.now())
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    let mut heard = Vec::with_capacity(due.len());
    for (provider, event) in due {
        heard.push(apply(pool, context, &provider, &event).await?);
    }
    Ok(heard)
}

async fn apply(
    pool: &PgPool,
    context: &Context,
    provider: &str,
    event: &str,
) -> Result<Heard, HearError> {
    let applied = crate::transact!(pool, HearError, |connection| {
        let found: Option<(sqlx::types::Json<Stored>, DateTime<Utc>)> = sqlx::query_as(
            "SELECT payload, coalesce(occurred_at, received_at) FROM webhook_received
              WHERE provider = $1 AND event_id = $2 AND state = 'received' FOR UPDATE",
        )
        .bind(provider)
        .bind(event)
        .fetch_optional(&mut *connection)
        .await?;
        match found {
            None => Ok(Heard::Duplicate),
            Some((stored, occurred_at)) => {
                let done = once(connection, context, provider, &stored.0, occurred_at).await?;
                close(connection, context, (provider, event), done).await
            }
        }
    });
    match applied {
        Err(
            HearError::Settle(SettleError::Database(error))
            | HearError::Dispute(DisputeError::Database(error)),
        ) => Err(error.into()),
        Err(HearError::Settle(_) | HearError::Dispute(_)) => {
            wait(pool, context, provider, event).await
        }
        other => other,
    }
}

/// Applies one notice under the lock of its payment.
async fn once(
    connection: &mut PgConnection,
    context: &Context,
    provider: &str,
    stored: &Stored,
    occurred_at: DateTime<Utc>,
) -> Result<(PaymentId, Effect), HearError> {
    let payment = payment_of(connection, provider, &stored.news).await?;
    // A refund that fails moves the sums of its lines, whose locks come before the payment's.
    let lines = matches!(stored.news, News::Refund { .. });
    super::row::lock(connection, payment, lines).await?;
    let overtaken: Option<bool> = sqlx::query_scalar(
        "SELECT true FROM webhook_received
          WHERE payment_id = $1 AND state IN ('applied', 'ignored')
            AND payload ->> 'subject' = $2 AND occurred_at > $3 LIMIT 1",
    )
    .bind(payment)
    .bind(&stored.subject)
    .bind(occurred_at)
    .fetch_optional(&mut *connection)
    .await?;
    if overtaken.is_some() {
        return Ok((payment, Effect::Nothing));
    }
    let effect = match &stored.news {
        News::Attempt { attempt, became } => {
            settle::attempt(connection, context, payment, *attempt, became).await?
        }
        News::Capture { capture, became } => {
            settle::capture(connection, context, payment, *capture, became).await?
        }
        News::Void { void, became } => {
            settle::void(connection, context, payment, *void, became).await?
        }
        News::Refund { refund, became } => {
            settle::refund(connection, context, payment, *refund, became).await?
        }
        News::DisputeOpened { dispute, amount, reason, respond_by, .. } => {
            let request = OpenDispute {
                payment,
                amount: *amount,
                reason: reason.clone(),
                reference: dispute.clone(),
                respond_by: *respond_by,
            };
            match open_dispute(connection, context, &request).await {
                Ok(_) => Effect::Applied,
                Err(DisputeError::Known) => Effect::Nothing,
                Err(error) => return Err(error.into()),
            }
        }
        News::DisputeChanged { dispute, became } => {
            let id: DisputeId = dispute_of(connection, provider, dispute).await?;
            match move_dispute(connection, context, id, *became).await {
                Ok(()) => Effect::Applied,
                Err(DisputeError::NotAllowed { .. }) => Effect::Nothing,
                Err(error) => return Err(error.into()),
            }
        }
    };
    Ok((payment, effect))
}

/// The payment that news are about. Their part must be of the provider that tells them.
async fn payment_of(
    connection: &mut PgConnection,
    provider: &str,
    news: &News,
) -> Result<PaymentId, HearError> {
    let by_id = |sql: &'static str, id: uuid::Uuid| (sql, Some(id), None);
    let (sql, id, name) = match news {
        News::Attempt { attempt, .. } => by_id(
            "SELECT payment_id FROM payment_attempt WHERE id = $2 AND provider = $1",
            attempt.uuid(),
        ),
        News::Capture { capture, .. } => {
            by_id("SELECT payment_id FROM capture WHERE id = $2 AND provider = $1", capture.uuid())
        }
        News::Void { void, .. } => by_id(
            "SELECT payment_id FROM payment_void WHERE id = $2 AND provider = $1",
            void.uuid(),
        ),
        News::Refund { refund, .. } => {
            by_id("SELECT payment_id FROM refund WHERE id = $2 AND provider = $1", refund.uuid())
        }
        News::DisputeOpened { of, .. } => (
            "SELECT payment_id FROM payment_attempt WHERE provider = $1 AND provider_ref = $2",
            None,
            Some(of),
        ),
        News::DisputeChanged { dispute, .. } => (
            "SELECT payment_id FROM dispute WHERE provider = $1 AND provider_ref = $2",
            None,
            Some(dispute),
        ),
    };
    let query = sqlx::query_scalar(sql).bind(provider);
    let query = if let Some(id) = id { query.bind(id) } else { query.bind(name) };
    let payment: Option<PaymentId> = query.fetch_optional(connection).await?;
    payment.ok_or(HearError::Settle(SettleError::NotFound))
}

async fn dispute_of(
    connection: &mut PgConnection,
    provider: &str,
    reference: &ProviderReference,
) -> Result<DisputeId, HearError> {
    let dispute: Option<DisputeId> =
        sqlx::query_scalar("SELECT id FROM dispute WHERE provider = $1 AND provider_ref = $2")
            .bind(provider)
            .bind(reference)
            .fetch_optional(connection)
            .await?;
    dispute.ok_or(HearError::Dispute(DisputeError::NotFound))
}

async fn close(
    connection: &mut PgConnection,
    context: &Context,
    (provider, event): (&str, &str),
    (payment, effect): (PaymentId, Effect),
) -> Result<Heard, HearError> {
    let applied = effect == Effect::Applied;
    sqlx::query(
        "UPDATE webhook_received
            SET state = $3, payment_id = $4, applied_at = $5, next_attempt_at = NULL,
                attempts = attempts + 1
          WHERE provider = $1 AND event_id = $2",
    )
    .bind(provider)
    .bind(event)
    .bind(if applied { "applied" } else { "ignored" })
    .bind(payment)
    .bind(applied.then(|| context.now()))
    .execute(connection)
    .await?;
    Ok(if applied { Heard::Applied } else { Heard::Ignored })
}

/// The notice waits, twice as long each time, until it was tried often enough.
async fn wait(
    pool: &PgPool,
    context: &Context,
    provider: &str,
    event: &str,
) -> Result<Heard, HearError> {
    let attempts: Option<i32> = sqlx::query_scalar(
        "UPDATE webhook_received
            SET attempts = attempts + 1,
                state = CASE WHEN attempts + 1 < $3 THEN 'received' ELSE 'failed' END,
                next_attempt_at = CASE WHEN attempts + 1 < $3
                                       THEN $4 + interval '1 second' * (2 ^ attempts) END
          WHERE provider = $1 AND event_id = $2 AND state = 'received' RETURNING attempts",
    )
    .bind(provider)
    .bind(event)
    .bind(TRIES)
    .bind(context.now())
    .fetch_optional(pool)
    .await?;
    Ok(match attempts {
        Some(attempts) if attempts < TRIES => Heard::Waiting,
        Some(_) => Heard::Failed,
        None => Heard::Duplicate,
    })
}
