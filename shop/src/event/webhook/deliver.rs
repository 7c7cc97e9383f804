//! Claiming what is due, sending it, booking what came back.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::schedule::{TRIES, delay};
use super::{Failed, Secret, Sender, Sent, body, sign};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{EventId, WebhookDeliveryId, WebhookEndpointId};
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Delivery as Outcome;

/// How long a claimed delivery is left to its worker: longer than a request may take.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);

/// Requests at once.
pub const IN_FLIGHT: usize = 32;

/// Requests at once to one endpoint, so that one that hangs leaves room for the others.
const PER_ENDPOINT: usize = 4;

/// How long an endpoint rests that said it is busy, and not for how long.
const REST: TimeDelta = TimeDelta::seconds(60);
const LONGEST_REST: TimeDelta = TimeDelta::days(1);

/// What is sent, and what it is booked under.
#[derive(Debug)]
struct Claimed {
    delivery: WebhookDeliveryId,
    endpoint: WebhookEndpointId,
    attempts: i32,
    url: String,
    body: Vec<u8>,
    secrets: Vec<Secret>,
}

/// A worker of deliveries.
#[derive(Debug)]
pub struct Deliveries {
    pool: PgPool,
    context: Context,
    sender: Sender,
    metrics: Arc<Metrics>,
    under_way: JoinSet<WebhookEndpointId>,
    busy: HashMap<WebhookEndpointId, usize>,
}

impl Deliveries {
    /// A worker that has nothing under way.
    pub fn new(pool: PgPool, context: Context, sender: Sender, metrics: Arc<Metrics>) -> Self {
        let (under_way, busy) = (JoinSet::new(), HashMap::new());
        Self { pool, context, sender, metrics, under_way, busy }
    }

    /// Takes note of what has ended, and begins as much as there is room for; says how much that
    /// was.
    ///
    /// # Errors
    /// The database.
    pub async fn step(&mut self) -> Result<usize, DatabaseError> {
        while let Some(ended) = self.under_way.try_join_next() {
            self.note(ended.ok());
        }
        let room = IN_FLIGHT.saturating_sub(self.under_way.len());
        if room == 0 {
            let ended = self.under_way.join_next().await;
            self.note(ended.and_then(Result::ok));
            return Ok(1);
        }
        let full: Vec<WebhookEndpointId> = self
            .busy
            .iter()
            .filter(|(_, count)| **count >= PER_ENDPOINT)
            .map(|(endpoint, _)| *endpoint)
            .collect();
        let claimed = claim(&self.pool, &self.context, room, &full).await?;
        let begun = claimed.len();
        for one in claimed {
            *self.busy.entry(one.endpoint).or_default() += 1;
            let (pool, context) = (self.pool.clone(), self.context.clone());
            let (sender, metrics) = (self.sender.clone(), Arc::clone(&self.metrics));
            self.under_way.spawn(async move {
                let endpoint = one.endpoint;
                deliver(&pool, &context, &sender, &metrics, one).await;
                endpoint
            });
        }
        Ok(begun)
    }

    /// Waits for what is under way.
    pub async fn finish(&mut self) {
        while let Some(ended) = self.under_way.join_next().await {
            self.note(ended.ok());
        }
    }

    fn note(&mut self, endpoint: Option<WebhookEndpointId>) {
        // Whose task panicked is not known: then the counts begin anew, which is only generous.
        let Some(endpoint) = endpoint else { return self.busy.clear() };
        if let Some(count) = self.busy.get_mut(&endpoint) {
            *count = count.saturating_sub(1);
        }
        self.busy.retain(|_, count| *count > 0);
    }
}

/// Claims by moving the time of the next attempt: whoever dies with a claim loses it then.
const CLAIM: &str = "
    WITH due AS MATERIALIZED (
        SELECT delivery.id
          FROM webhook_endpoint AS endpoint
         CROSS JOIN LATERAL (
               SELECT id, next_attempt_at FROM webhook_delivery
                WHERE endpoint_id = endpoint.id AND state = 'pending' AND next_attempt_at <= $1
                ORDER BY next_attempt_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED) AS delivery
         WHERE endpoint.disabled_at IS NULL AND endpoint.deleted_at IS NULL
           AND (endpoint.rests_until IS NULL OR endpoint.rests_until <= $1)
           AND endpoint.id <> ALL ($5)
         ORDER BY delivery.next_attempt_at LIMIT $3),
    claimed AS (
        UPDATE webhook_delivery AS one SET next_attempt_at = $4
          FROM due WHERE one.id = due.id
        RETURNING one.id, one.endpoint_id, one.event_id, one.attempts)
    SELECT claimed.id, claimed.endpoint_id, claimed.attempts, endpoint.url, event.id, event.type,
           event.version, event.occurred_at, event.payload,
           ARRAY(SELECT secret FROM webhook_secret
                  WHERE endpoint_id = claimed.endpoint_id
                    AND (expires_at IS NULL OR expires_at > $1)
                  ORDER BY created_at DESC, id DESC)
      FROM claimed
      JOIN webhook_endpoint AS endpoint ON endpoint.id = claimed.endpoint_id
      JOIN outbox AS event ON event.id = claimed.event_id
     ORDER BY claimed.id";

type Row = (
    WebhookDeliveryId,
    WebhookEndpointId,
    i32,
    String,
    EventId,
    String,
    i16,
    DateTime<Utc>,
    serde_json::Value,
    Vec<Vec<u8>>,
);

async fn claim(
    pool: &PgPool,
    context: &Context,
    room: usize,
    full: &[WebhookEndpointId],
) -> Result<Vec<Claimed>, DatabaseError> {
    let now = context.now();
    let rows: Vec<Row> = sqlx::query_as(CLAIM)
        .bind(now)
        .bind(i64::try_from(PER_ENDPOINT).unwrap_or(1))
        .bind(i64::try_from(room).unwrap_or(1))
        .bind(now + LEASE)
        .bind(full.iter().map(|id| crate::id::Id::uuid(*id)).collect::<Vec<Uuid>>())
        .fetch_all(pool)
        .await?;
    let one = |row: Row| {
        let (delivery, endpoint, attempts, url, event, kind, version, at, payload, secrets) = row;
        let body = body(event, &kind, version, at, &payload);
        let secrets = secrets.into_iter().filter_map(|bytes| Secret::from_bytes(bytes).ok());
        Claimed { delivery, endpoint, attempts, url, body, secrets: secrets.collect() }
    };
    Ok(rows.into_iter().map(one).collect())
}

async fn deliver(
    pool: &PgPool,
    context: &Context,
    sender: &Sender,
    metrics: &Metrics,
    claimed: Claimed,
) {
    let at = context.now();
    let signature = sign(&claimed.secrets, &claimed.delivery.to_string(), at, &claimed.body);
    let sent = sender.send(&claimed.url, &signature, claimed.body).await;
    let of = Of {
        delivery: claimed.delivery,
        endpoint: claimed.endpoint,
        number: claimed.attempts + 1,
        at,
    };
    match book(pool, context, &of, &sent).await {
        Ok(Some(outcome)) => metrics.delivered(outcome),
        Ok(None) => {}
        // The lease runs out, and it is sent once more: the receiver knows it by its id.
        Err(error) => {
            let described = crate::telemetry::log::Described(&error);
            let delivery = of.delivery;
            tracing::warn!(%delivery, error = %described, "a delivery was not booked");
        }
    }
}

/// Which attempt.
#[derive(Debug, Clone, Copy)]
struct Of {
    delivery: WebhookDeliveryId,
    endpoint: WebhookEndpointId,
    number: i32,
    at: DateTime<Utc>,
}

/// What becomes of the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Delivered,
    Again(TimeDelta),
    GivenUp,
}

/// 2xx is the only success.
fn next(sent: &Sent, number: i32) -> Next {
    match sent.answer {
        Ok(200..=299) => Next::Delivered,
        Ok(410) => Next::GivenUp,
        _ if number >= TRIES => Next::GivenUp,
        _ => delay(number).map_or(Next::GivenUp, |wait| Next::Again(wait.max(rest(sent)))),
    }
}

/// How long the endpoint shall get nothing at all.
fn rest(sent: &Sent) -> TimeDelta {
    match sent.answer {
        Ok(429 | 502 | 504) => {
            let asked = sent.retry_after.and_then(|asked| TimeDelta::from_std(asked).ok());
            asked.unwrap_or(REST).clamp(TimeDelta::seconds(1), LONGEST_REST)
        }
        _ => TimeDelta::zero(),
    }
}

async fn book(
    pool: &PgPool,
    context: &Context,
    of: &Of,
    sent: &Sent,
) -> Result<Option<Outcome>, DatabaseError> {
    let now = context.now();
    let next = next(sent, of.number);
    crate::transact!(pool, DatabaseError, |connection| {
        // Another worker was faster after the lease ran out: then that attempt counts.
        let (state, wait) = match next {
            Next::Delivered => ("delivered", None),
            Next::Again(wait) => ("pending", Some(now + wait)),
            Next::GivenUp => ("exhausted", None),
        };
        let booked = sqlx::query(
            "UPDATE webhook_delivery
                SET state = $3, attempts = attempts + 1, next_attempt_at = $4,
                    closed_at = CASE WHEN $4 IS NULL THEN $5 END
              WHERE id = $1 AND state = 'pending' AND attempts = $2",
        )
        .bind(of.delivery)
        .bind(of.number - 1)
        .bind(state)
        .bind(wait)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        if booked.rows_affected() == 0 {
            Ok(None)
        } else {
            note(connection, of, sent).await?;
            endpoint(connection, of, sent, now).await?;
            Ok(Some(match next {
                Next::Delivered => Outcome::Delivered,
                Next::Again(_) => Outcome::Retried,
                Next::GivenUp => Outcome::GivenUp,
            }))
        }
    })
}

async fn note(connection: &mut PgConnection, of: &Of, sent: &Sent) -> Result<(), sqlx::Error> {
    let status = sent.answer.ok().filter(|status| (100..=599).contains(status));
    let error = match (sent.answer, status) {
        (Err(failed), _) => Some(failed.to_string()),
        (Ok(_), None) => Some(Failed::Broken.to_string()),
        (Ok(_), Some(_)) => None,
    };
    sqlx::query(
        "INSERT INTO webhook_attempt (delivery_id, number, at, duration_ms, response_status, error)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(of.delivery)
    .bind(of.number)
    .bind(of.at)
    .bind(i32::try_from(sent.took.as_millis()).unwrap_or(i32::MAX))
    .bind(status.and_then(|status| i16::try_from(status).ok()))
    .bind(error)
    .execute(connection)
    .await?;
    Ok(())
}

/// One that is gone is disabled, one that is busy rests.
async fn endpoint(
    connection: &mut PgConnection,
    of: &Of,
    sent: &Sent,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if sent.answer == Ok(410) {
        sqlx::query(
            "UPDATE webhook_endpoint
                SET disabled_at = $2, disabled_reason = 'it answered 410 Gone'
              WHERE id = $1 AND disabled_at IS NULL",
        )
        .bind(of.endpoint)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    let rest = rest(sent);
    if rest > TimeDelta::zero() {
        sqlx::query(
            "UPDATE webhook_endpoint SET rests_until = greatest(rests_until, $2) WHERE id = $1",
        )
        .bind(of.endpoint)
        .bind(now + rest)
        .execute(connection)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sent(answer: Result<u16, Failed>, retry_after: Option<u64>) -> Sent {
        let retry_after = retry_after.map(Duration::from_secs);
        Sent { answer, retry_after, took: Duration::ZERO }
    }

    #[test]
    fn only_2xx_is_a_success_and_410_the_end() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(next(&sent(Ok(status), None), 1), Next::Delivered, "{status}");
        }
        for status in [100, 301, 302, 307, 308, 400, 401, 404, 409, 500, 503] {
            let expected = Next::Again(TimeDelta::seconds(5));
            assert_eq!(next(&sent(Ok(status), None), 1), expected, "{status}");
        }
        assert_eq!(next(&sent(Ok(410), None), 1), Next::GivenUp);
        for failed in [Failed::TimedOut, Failed::NotPublic, Failed::NoConnection] {
            assert_eq!(next(&sent(Err(failed), None), 2), Next::Again(TimeDelta::minutes(5)));
            assert_eq!(next(&sent(Err(failed), None), TRIES), Next::GivenUp);
        }
    }

    #[test]
    fn one_that_is_busy_is_left_alone_for_as_long_as_it_asks() {
        for status in [429, 502, 504] {
            assert_eq!(rest(&sent(Ok(status), None)), REST);
            assert_eq!(rest(&sent(Ok(status), Some(7))), TimeDelta::seconds(7));
            assert_eq!(rest(&sent(Ok(status), Some(0))), TimeDelta::seconds(1));
            assert_eq!(rest(&sent(Ok(status), Some(u64::MAX))), REST);
            assert_eq!(rest(&sent(Ok(status), Some(10_000_000))), LONGEST_REST);
            let long = sent(Ok(status), Some(3600));
            assert_eq!(next(&long, 1), Next::Again(TimeDelta::hours(1)));
        }
        assert_eq!(rest(&sent(Ok(500), Some(7))), TimeDelta::zero());
    }
}
