//! Endpoints, deliveries and attempts, for people; and trying again what was given up.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row as _};

use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{EventId, WebhookDeliveryId, WebhookEndpointId};

/// Reads a row whose columns are named like the fields.
macro_rules! row {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl FromRow<'_, PgRow> for $name {
            fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: row.try_get(stringify!($field))?,)* })
            }
        }
    };
}

row!(Endpoint {
    id,
    url,
    description,
    types,
    created_at,
    disabled_at,
    disabled_reason,
    rests_until,
});
row!(Delivery {
    id,
    endpoint_id,
    event_id,
    kind,
    state,
    attempts,
    next_attempt_at,
    created_at,
    closed_at,
});
row!(Attempt { number, at, duration_ms, response_status, error });

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Which.
    pub id: WebhookEndpointId,
    /// Where to.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events it wants.
    pub types: Vec<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Since when it gets nothing.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Why it gets nothing.
    pub disabled_reason: Option<String>,
    /// Until when it asked to be left alone.
    pub rests_until: Option<DateTime<Utc>>,
}

const ENDPOINT: &str = "
    SELECT id, url, description::text, created_at, disabled_at, disabled_reason::text, rests_until,
           ARRAY(SELECT type FROM webhook_subscription
                  WHERE endpoint_id = webhook_endpoint.id ORDER BY type) AS types
      FROM webhook_endpoint
     WHERE deleted_at IS NULL AND ($1 IS NULL OR id = $1) AND ($2 IS NULL OR id > $2)
     ORDER BY id LIMIT $3";

/// One endpoint; none when it does not exist or is deleted.
///
/// # Errors
/// The database.
pub async fn endpoint(
    pool: &PgPool,
    id: WebhookEndpointId,
) -> Result<Option<Endpoint>, DatabaseError> {
    let found = sqlx::query_as(ENDPOINT)
        .bind(Some(id))
        .bind(None::<WebhookEndpointId>)
        .bind(1_i64)
        .fetch_optional(pool)
        .await?;
    Ok(found)
}

/// Endpoints by their ids, those behind `after`, at most `limit`.
///
/// # Errors
/// The database.
pub async fn endpoints(
    pool: &PgPool,
    after: Option<WebhookEndpointId>,
    limit: u32,
) -> Result<Vec<Endpoint>, DatabaseError> {
    let found = sqlx::query_as(ENDPOINT)
        .bind(None::<WebhookEndpointId>)
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    Ok(found)
}

/// How far a delivery is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its next attempt.
    Pending,
    /// It was accepted.
    Delivered,
    /// It was given up.
    Exhausted,
    /// Its endpoint was deleted.
    Cancelled,
}

impl DeliveryState {
    /// The state as the database writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::str::FromStr for DeliveryState {
    type Err = crate::value::TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Pending, Self::Delivered, Self::Exhausted, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(crate::value::TextError::Form)
    }
}

crate::value::text_in_sql!(DeliveryState);

/// One event for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which; the `webhook-id` of every attempt.
    pub id: WebhookDeliveryId,
    /// Where to.
    pub endpoint_id: WebhookEndpointId,
    /// Which event.
    pub event_id: EventId,
    /// Its type.
    pub kind: String,
    /// How far.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Since when it waits.
    pub created_at: DateTime<Utc>,
    /// When it was accepted or given up.
    pub closed_at: Option<DateTime<Utc>>,
}

/// Deliveries of an endpoint by their ids, newest first: those before `before`, at most `limit`.
///
/// # Errors
/// The database.
pub async fn deliveries(
    pool: &PgPool,
    endpoint: WebhookEndpointId,
    state: Option<DeliveryState>,
    before: Option<WebhookDeliveryId>,
    limit: u32,
) -> Result<Vec<Delivery>, DatabaseError> {
    let found = sqlx::query_as(
        "SELECT delivery.id, endpoint_id, event_id, type AS kind, state::text, attempts, next_attempt_at,
                created_at, closed_at
           FROM webhook_delivery AS delivery JOIN outbox AS event ON event.id = event_id
          WHERE endpoint_id = $1 AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR delivery.id < $3)
          ORDER BY delivery.id DESC LIMIT $4",
    )
    .bind(endpoint)
    .bind(state.map(DeliveryState::as_str))
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The first is 1.
    pub number: i32,
    /// When it was sent.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub duration_ms: i32,
    /// What came back.
    pub response_status: Option<i16>,
    /// Why nothing came back.
    pub error: Option<String>,
}

/// The attempts of a delivery, in order.
///
/// # Errors
/// The database.
pub async fn attempts(
    pool: &PgPool,
    delivery: WebhookDeliveryId,
) -> Result<Vec<Attempt>, DatabaseError> {
    let found = sqlx::query_as(
        "SELECT number, at, duration_ms, response_status, error::text FROM webhook_attempt
          WHERE delivery_id = $1 ORDER BY number",
    )
    .bind(delivery)
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// Why a delivery is not tried again.
#[derive(Debug, thiserror::Error)]
pub enum RedeliverError {
    /// It does not exist.
    #[error("there is no such delivery")]
    NotFound,
    /// It was accepted, or its endpoint is deleted.
    #[error("the delivery is {}", .state.as_str())]
    Closed {
        /// What it is.
        state: DeliveryState,
    },
    /// It was tried twenty times.
    #[error("the delivery was tried as often as it may be")]
    TooOften,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RedeliverError {});

/// Has a delivery tried now: one that was given up once more, one that waits without waiting.
///
/// # Errors
/// See [`RedeliverError`].
pub async fn redeliver(
    pool: &PgPool,
    context: &Context,
    delivery: WebhookDeliveryId,
) -> Result<(), RedeliverError> {
    let again = sqlx::query(
        "UPDATE webhook_delivery
            SET state = 'pending', next_attempt_at = $2, closed_at = NULL
          WHERE id = $1 AND state IN ('pending', 'exhausted') AND attempts < 20",
    )
    .bind(delivery)
    .bind(context.now())
    .execute(pool)
    .await?;
    if again.rows_affected() == 1 {
        return Ok(());
    }
    let state: Option<DeliveryState> =
        sqlx::query_scalar("SELECT state::text FROM webhook_delivery WHERE id = $1")
            .bind(delivery)
            .fetch_optional(pool)
            .await?;
    Err(match state {
        None => RedeliverError::NotFound,
        Some(DeliveryState::Pending | DeliveryState::Exhausted) => RedeliverError::TooOften,
        Some(state) => RedeliverError::Closed { state },
    })
}
