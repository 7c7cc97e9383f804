//! The worker that publishes the outbox.
//!
//! In: events that are committed and not published. Out: each of them to a [`Publisher`], at least
//! once, those of one aggregate in the order of their numbers.
//!
//! A worker claims an aggregate by an advisory lock that lasts as long as its transaction, and then
//! reads what is not published of it, so two workers never publish one aggregate at a time, and
//! the second sees what the first has marked. A worker that dies gives its locks back and has
//! marked nothing: what it had published is published once more.
//!
//! **Invariant**: whoever sees an event of an aggregate sees those before it. The transaction that
//! writes one has locked the aggregate's row to number it, until it commits; so the order within
//! an aggregate is that of `seq`, and no horizon such as `pg_snapshot_xmin` is needed, which any
//! long transaction anywhere in the cluster would hold back.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::EventId;

/// An event as the outbox holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Which event; the same however often it is published.
    pub id: EventId,
    /// The name of the kind of aggregate.
    pub aggregate_type: String,
    /// Which aggregate.
    pub aggregate: Uuid,
    /// Its number among those of the aggregate, from 1.
    pub seq: i32,
    /// Its name in the catalogue.
    pub kind: String,
    /// The version of its payload's schema.
    pub version: i16,
    /// What it tells.
    pub payload: serde_json::Value,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// Why an event was not published.
#[derive(Debug, thiserror::Error)]
#[error("the event was not published: {0}")]
pub struct PublishError(pub String);

/// Where events go.
#[async_trait]
pub trait Publisher: fmt::Debug + Send + Sync {
    /// Publishes one event. When it returns, the event must not get lost any more; it may come
    /// again. The connection is the worker's, in the transaction that marks the event; a publisher
    /// to somewhere else leaves it alone.
    async fn publish(
        &self,
        connection: &mut PgConnection,
        event: &Envelope,
    ) -> Result<(), PublishError>;

    /// Publishes a batch, in its order. An event that fails stops its aggregate, and no other.
    ///
    /// One after the other, unless the publisher knows how to do many at once.
    async fn publish_all(&self, connection: &mut PgConnection, events: &[Envelope]) -> Published {
        let mut published = Published::default();
        let mut stopped: Option<Uuid> = None;
        for event in events {
            if stopped == Some(event.aggregate) {
                continue;
            }
            match self.publish(connection, event).await {
                Ok(()) => published.done.push(event.id),
                Err(error) => {
                    stopped = Some(event.aggregate);
                    published.stuck.push(Stuck::at(event, &error));
                }
            }
        }
        published
    }
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Published {
    /// What was published.
    pub done: Vec<EventId>,
    /// Aggregates at whose next event it failed.
    pub stuck: Vec<Stuck>,
}

/// Publishes to whoever listens to a channel of PostgreSQL: the payload of a notification is the
/// id of the event, to be looked up in the outbox. Listeners hear of it when it is marked.
#[derive(Debug, Clone)]
pub struct NotifyPublisher {
    channel: String,
}

impl Default for NotifyPublisher {
    fn default() -> Self {
        Self { channel: "shop_events".to_owned() }
    }
}

#[async_trait]
impl Publisher for NotifyPublisher {
    async fn publish(
        &self,
        connection: &mut PgConnection,
        event: &Envelope,
    ) -> Result<(), PublishError> {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(&self.channel)
            .bind(event.id.to_string())
            .execute(connection)
            .await
            .map(drop)
            .map_err(|error| PublishError(error.to_string()))
    }

    /// One statement for all of them.
    async fn publish_all(&self, connection: &mut PgConnection, events: &[Envelope]) -> Published {
        let ids: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
        let told = sqlx::query("SELECT pg_notify($1, event) FROM unnest($2::text[]) AS event")
            .bind(&self.channel)
            .bind(&ids)
            .execute(connection)
            .await;
        match told {
            Ok(_) => {
                Published { done: events.iter().map(|event| event.id).collect(), stuck: Vec::new() }
            }
            // The transaction is lost with the statement, for all of them.
            Err(error) => Stuck::all(events, &PublishError(error.to_string())),
        }
    }
}

/// An aggregate that could not be published further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// Which aggregate.
    pub aggregate: Uuid,
    /// At which event.
    pub event: EventId,
    /// What the publisher said.
    pub problem: String,
}

impl Stuck {
    fn at(event: &Envelope, error: &PublishError) -> Self {
        Self { aggregate: event.aggregate, event: event.id, problem: error.to_string() }
    }

    /// Nothing of a batch was published.
    pub(crate) fn all(events: &[Envelope], error: &PublishError) -> Published {
        let stuck = events.iter().map(|event| Self::at(event, error)).collect();
        Published { done: Vec::new(), stuck }
    }
}

/// What a batch did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// How many events were published and marked.
    pub published: usize,
    /// Aggregates at whose next event the publisher failed.
    pub stuck: Vec<Stuck>,
    /// As much as a batch holds: there is more, most likely.
    pub full: bool,
}

/// Publishes what is next of at most `limit` aggregates, at most `limit` events of each.
///
/// An event that cannot be published stops its aggregate, and no other.
///
/// # Errors
/// The database failed; nothing is marked then, and what was published comes again.
pub async fn publish_batch(
    pool: &PgPool,
    context: &Context,
    publisher: &dyn Publisher,
    limit: u16,
) -> Result<Batch, DatabaseError> {
    publish_except(pool, context, publisher, limit, &[]).await
}

/// As [`publish_batch`], passing over some aggregates.
///
/// # Errors
/// As there.
pub async fn publish_except(
    pool: &PgPool,
    context: &Context,
    publisher: &dyn Publisher,
    limit: u16,
    resting: &[Uuid],
) -> Result<Batch, DatabaseError> {
    // The one transaction that stays open while something outside is asked: its locks are the
    // claim. It has no snapshot and no number of its own meanwhile, so nobody waits for it.
    let mut transaction = pool.begin().await?;
    let claimed = claim(&mut transaction, limit, resting).await?;
    if claimed.is_empty() {
        transaction.rollback().await?;
        return Ok(Batch::default());
    }
    let events = unpublished(&mut transaction, &claimed, limit).await?;
    let Published { done, stuck } = publisher.publish_all(&mut transaction, &events).await;
    let full = done.len() >= usize::from(limit);
    let batch = Batch { published: done.len(), stuck, full };
    sqlx::query(
        "UPDATE outbox SET published_at = greatest($2, occurred_at)
          WHERE id = ANY ($1) AND published_at IS NULL",
    )
    .bind(&done)
    .bind(context.now())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(batch)
}

/// Claims aggregates that have something to publish, oldest first, except those that another
/// worker has.
async fn claim(
    connection: &mut PgConnection,
    limit: u16,
    resting: &[Uuid],
) -> Result<Vec<(String, Uuid)>, sqlx::Error> {
    sqlx::query_as(
        "WITH next AS MATERIALIZED (
             SELECT aggregatetype, aggregateid FROM outbox AS event
              WHERE published_at IS NULL AND aggregateid <> ALL ($2)
                AND NOT EXISTS (SELECT FROM outbox AS former
                                 WHERE former.aggregatetype = event.aggregatetype
                                   AND former.aggregateid = event.aggregateid
                                   AND former.seq = event.seq - 1
                                   AND former.published_at IS NULL)
              ORDER BY xid, position LIMIT $1)
         SELECT aggregatetype, aggregateid FROM next
          WHERE pg_try_advisory_xact_lock(
                    hashtextextended(aggregatetype || aggregateid::text, 20260601))",
    )
    .bind(i64::from(limit))
    .bind(resting)
    .fetch_all(connection)
    .await
}

/// What is not published of claimed aggregates, in order.
async fn unpublished(
    connection: &mut PgConnection,
    claimed: &[(String, Uuid)],
    limit: u16,
) -> Result<Vec<Envelope>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT event.*
           FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS claimed (kind, id, number)
          CROSS JOIN LATERAL (
                SELECT * FROM outbox
                 WHERE aggregatetype = claimed.kind AND aggregateid = claimed.id
                   AND published_at IS NULL
                 ORDER BY seq LIMIT $3) AS event
          ORDER BY claimed.number, event.seq",
    )
    .bind(claimed.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>())
    .bind(claimed.iter().map(|(_, id)| *id).collect::<Vec<_>>())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let read = |row: sqlx::postgres::PgRow| {
        Ok(Envelope {
            id: row.try_get("id")?,
            aggregate_type: row.try_get("aggregatetype")?,
            aggregate: row.try_get("aggregateid")?,
            seq: row.try_get("seq")?,
            kind: row.try_get("type")?,
            version: row.try_get("version")?,
            payload: row.try_get("payload")?,
            occurred_at: row.try_get("occurred_at")?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// A worker that publishes until it is stopped, and lets aggregates rest whose events fail.
#[derive(Debug)]
pub struct Worker<P> {
    publisher: P,
    limit: u16,
    pause: Duration,
    resting: HashMap<Uuid, (DateTime<Utc>, u32)>,
}

impl<P: Publisher> Worker<P> {
    /// A worker that takes 100 aggregates at a time. When it has published all that there was, it
    /// looks again after 100 ms: a batch costs the server the same for one event as for twenty, so
    /// what comes in the meantime is published together.
    pub fn new(publisher: P) -> Self {
        let pause = Duration::from_millis(100);
        Self { publisher, limit: 100, pause, resting: HashMap::new() }
    }

    /// Publishes one batch. Aggregates that failed rest: a second, then twice as long each time,
    /// up to a minute.
    ///
    /// # Errors
    /// The database failed.
    pub async fn step(&mut self, pool: &PgPool, context: &Context) -> Result<Batch, DatabaseError> {
        let now = context.now();
        let resting: Vec<Uuid> = self
            .resting
            .iter()
            .filter(|(_, (until, _))| *until > now)
            .map(|(aggregate, _)| *aggregate)
            .collect();
        let batch = publish_except(pool, context, &self.publisher, self.limit, &resting).await?;
        self.resting.retain(|_, (until, _)| *until + chrono::Duration::minutes(2) > now);
        for stuck in &batch.stuck {
            let failed = self.resting.get(&stuck.aggregate).map_or(0, |(_, failed)| failed + 1);
            let rest = chrono::Duration::seconds((1_i64 << failed.min(6)).min(60));
            self.resting.insert(stuck.aggregate, (now + rest, failed));
        }
        Ok(batch)
    }

    /// Publishes until the task is dropped. Errors of the database are waited out.
    pub async fn run(mut self, pool: &PgPool, context: &Context) {
        loop {
            let more = match self.step(pool, context).await {
                Ok(batch) => batch.full,
                Err(_) => false,
            };
            if !more {
                tokio::time::sleep(self.pause).await;
            }
        }
    }
}
