//! Holds that many want at the same time: many callers, one statement.
//!
//! In: holds, each of one cart. Out: an answer to each caller. There are a few lanes, and a stock
//! level always takes the same one. Holds of a lane wait for each other for at most two
//! milliseconds, then they are written together: of each level as many as fit, in the order in
//! which they came. Each level is locked once for all of its holds, in the order of the keys, and
//! there is one commit. So one SKU that everybody wants, and many that some want, cost the same.
//!
//! **Invariant**: no caller is told that stock is held before it is committed. A caller who has
//! gone before the statement is sent gets nothing; one who goes later leaves a hold that expires.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use tokio::sync::{mpsc, oneshot};

use super::events::reservation::ReservationHeld;
use super::{Reservation, ReservationState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::{self, Event as _};
use crate::id::{CartId, EventId, LocationId, ReservationId, VariantId};
use crate::value::Quantity;

/// How long the first hold of a batch waits for others.
const WINDOW: Duration = Duration::from_millis(2);

/// How many holds one statement writes.
const MOST: usize = 500;

/// How many batches may be written at the same time: a level that somebody else has locked keeps
/// its lane waiting, and no other.
const LANES: u64 = 4;

/// How many holds may wait in a lane; more callers wait to get in.
const WAITING: usize = 10_000;

/// How long the task of a lane in which nothing is wanted any more stays.
const IDLE: Duration = Duration::from_secs(5);

/// A hold of one cart at one location.
#[derive(Debug, Clone, Copy)]
pub struct HotHold {
    /// Where.
    pub location: LocationId,
    /// Of which variant.
    pub variant: VariantId,
    /// For which cart; it has a line of the variant.
    pub cart: CartId,
    /// How many.
    pub quantity: Quantity,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Where stock of a variant lies.
type Level = (LocationId, VariantId);

impl HotHold {
    fn level(&self) -> Level {
        (self.location, self.variant)
    }
}

/// The body of the answer to a hold.
pub(crate) type AnswerOfHold = fn(&Reservation) -> serde_json::Result<String>;

/// Under which key a hold is made once, and what is answered whenever it is asked for again.
#[derive(Debug, Clone)]
pub(crate) struct HoldKey {
    /// Whose key it is, and for what.
    pub(crate) scope: String,
    /// The key.
    pub(crate) key: String,
    /// Of what is asked for.
    pub(crate) digest: Vec<u8>,
    /// Until when the answer is kept.
    pub(crate) expires_at: DateTime<Utc>,
    /// The body of the answer.
    pub(crate) answer: AnswerOfHold,
}

/// Why stock was not held.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HotHoldError {
    /// Something was asked for under this key before; nothing was held now.
    #[error("the key was used before")]
    KeyUsed,
    /// Less is left than is wanted.
    #[error("{available} units can be had")]
    OutOfStock {
        /// How many are left.
        available: i64,
    },
    /// The location has never had any, or is deleted.
    #[error("there is no such stock level")]
    LevelNotFound,
    /// The cart has no line of the variant.
    #[error("stock is held for lines of the cart only")]
    NotInCart,
    /// The cart is closed, does not exist, or is being changed by somebody else at the moment.
    #[error("the cart is closed or busy")]
    CartNotOpen,
    /// Stock of the variant is held for the cart already.
    #[error("stock is held for this line already")]
    AlreadyHeld,
    /// The hold would be over before it begins.
    #[error("stock is held until a time to come")]
    UntilPast,
    /// The database failed; if the connection was lost, a hold may exist that will expire.
    #[error("the holds could not be written")]
    Failed(#[source] Arc<DatabaseError>),
}

/// A hold and who waits for its answer.
#[derive(Debug)]
struct Waiting {
    hold: HotHold,
    key: Option<HoldKey>,
    answer: oneshot::Sender<Result<Reservation, HotHoldError>>,
}

type Queues = Mutex<HashMap<u64, mpsc::Sender<Waiting>>>;

/// Gathers holds and writes them together. Cloning is cheap; all clones share their batches.
#[derive(Debug, Clone)]
pub struct HotHolds {
    pool: PgPool,
    context: Context,
    queues: Arc<Queues>,
    lanes: std::hash::RandomState,
}

impl HotHolds {
    /// Holds through a pool, of which each of four lanes uses one connection at a time.
    pub fn new(pool: PgPool, context: Context) -> Self {
        Self { pool, context, queues: Arc::default(), lanes: std::hash::RandomState::new() }
    }

    /// Holds stock for a cart that nobody else is changing; waits for a few milliseconds.
    ///
    /// The caller has no transaction open that has touched the cart or the level.
    ///
    /// # Errors
    /// What of this hold alone is wrong; other holds of the batch are not concerned.
    pub async fn hold(&self, hold: HotHold) -> Result<Reservation, HotHoldError> {
        self.hold_once(hold, None).await
    }

    /// The same, once under a key, which is written with the hold.
    pub(crate) async fn hold_once(
        &self,
        hold: HotHold,
        key: Option<HoldKey>,
    ) -> Result<Reservation, HotHoldError> {
        if hold.until <= self.context.now() {
            return Err(HotHoldError::UntilPast);
        }
        let (answer, answered) = oneshot::channel();
        let mut waiting = Waiting { hold, key, answer };
        loop {
            match self.queue(hold.level()).send(waiting).await {
                Ok(()) => break,
                // The task has just ended for want of work: the next queue has a new one.
                Err(mpsc::error::SendError(back)) => waiting = back,
            }
        }
        answered.await.unwrap_or_else(|_| {
            let gone = DatabaseError::from(sqlx::Error::WorkerCrashed);
            Err(HotHoldError::Failed(Arc::new(gone)))
        })
    }

    fn queue(&self, level: Level) -> mpsc::Sender<Waiting> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|_, queue| !queue.is_closed());
        let lane = self.lanes.hash_one(level) % LANES;
        let queue = queues.entry(lane).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(WAITING);
            tokio::spawn(serve(self.pool.clone(), self.context.clone(), receiver));
            sender
        });
        queue.clone()
    }
}

/// Writes the holds of one lane, batch after batch.
async fn serve(pool: PgPool, context: Context, mut receiver: mpsc::Receiver<Waiting>) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match tokio::time::timeout(IDLE, receiver.recv()).await {
                Ok(Some(first)) => waiting.push_back(first),
                Ok(None) => return,
                Err(_) => {
                    // Nobody gets in any more; who already is in is still served.
                    receiver.close();
                    while let Some(late) = receiver.recv().await {
                        waiting.push_back(late);
                    }
                    if waiting.is_empty() {
                        return;
                    }
                }
            }
        }
        gather(&mut receiver, &mut waiting).await;
        let batch = next_batch(&mut waiting);
        for again in settle(&pool, &context, batch).await.into_iter().rev() {
            waiting.push_front(again);
        }
    }
}

/// Waits until the batch is full or its window has passed.
async fn gather(receiver: &mut mpsc::Receiver<Waiting>, waiting: &mut VecDeque<Waiting>) {
    let deadline = tokio::time::Instant::now() + WINDOW;
    while waiting.len() < MOST {
        match tokio::time::timeout_at(deadline, receiver.recv()).await {
            Ok(Some(next)) => waiting.push_back(next),
            Ok(None) | Err(_) => return,
        }
    }
}

/// The next holds, of each line of a cart at most one. Callers who have gone are passed over.
fn next_batch(waiting: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let mut lines = HashSet::new();
    let (mut batch, mut later) = (Vec::new(), VecDeque::new());
    while let Some(next) = waiting.pop_front() {
        if next.answer.is_closed() {
            continue;
        }
        if batch.len() < MOST && lines.insert((next.hold.cart, next.hold.variant)) {
            batch.push(next);
        } else {
            later.push_back(next);
        }
    }
    *waiting = later;
    batch
}

/// Writes a batch and answers. Gives back who shall be asked about once more: holds that did not
/// fit behind a larger one, but may without it.
async fn settle(pool: &PgPool, context: &Context, batch: Vec<Waiting>) -> Vec<Waiting> {
    if batch.is_empty() {
        return batch;
    }
    let ids: Vec<ReservationId> = batch.iter().map(|_| context.id()).collect();
    match write(pool, context, &batch, &ids).await.map_err(DatabaseError::from) {
        Ok(outcomes) => answer(batch, &ids, &outcomes),
        Err(DatabaseError::Refused { .. } | DatabaseError::Conflict(_)) if batch.len() > 1 => {
            // One of them met somebody who holds for the same cart: halves, until each has an
            // answer of its own.
            let mut first = batch;
            let second = first.split_off(first.len() / 2);
            let mut again = Box::pin(settle(pool, context, first)).await;
            again.extend(Box::pin(settle(pool, context, second)).await);
            again
        }
        Err(error) => {
            let error = refusal(error);
            for one in batch {
                drop(one.answer.send(Err(error.clone())));
            }
            Vec::new()
        }
    }
}

fn refusal(error: DatabaseError) -> HotHoldError {
    match &error {
        DatabaseError::Refused { constraint, .. } => match constraint.as_str() {
            "reservation_one_active_per_line" => HotHoldError::AlreadyHeld,
            "reservation_for_a_cart_line" => HotHoldError::NotInCart,
            "idempotency_key_once" => HotHoldError::KeyUsed,
            "reservation_expires_after_creation" => HotHoldError::UntilPast,
            _ => HotHoldError::Failed(Arc::new(error)),
        },
        _ => HotHoldError::Failed(Arc::new(error)),
    }
}

/// What the statement says of one hold, in the order in which they were asked for.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    held: bool,
    open: bool,
    in_cart: bool,
    taken: bool,
    /// Its key was used before.
    used: bool,
    /// What was free of its level before the batch; none: there is no such level.
    free: Option<i64>,
}

fn made(id: ReservationId, hold: HotHold) -> Reservation {
    Reservation {
        id,
        cart: Some(hold.cart),
        variant: hold.variant,
        location: hold.location,
        order_line: None,
        quantity: hold.quantity,
        state: ReservationState::Active,
        expires_at: hold.until,
    }
}

fn answer(batch: Vec<Waiting>, ids: &[ReservationId], outcomes: &[Outcome]) -> Vec<Waiting> {
    let mut taken = HashMap::<Level, i64>::new();
    for (waiting, _) in batch.iter().zip(outcomes).filter(|(_, outcome)| outcome.held) {
        *taken.entry(waiting.hold.level()).or_default() += i64::from(waiting.hold.quantity.get());
    }
    let mut again = Vec::new();
    for ((waiting, id), outcome) in batch.into_iter().zip(ids).zip(outcomes) {
        let hold = waiting.hold;
        let left = outcome.free.unwrap_or(0) - taken.get(&hold.level()).copied().unwrap_or(0);
        let result = match outcome {
            Outcome { held: true, .. } => Ok(made(*id, hold)),
            Outcome { used: true, .. } => Err(HotHoldError::KeyUsed),
            Outcome { free: None, .. } => Err(HotHoldError::LevelNotFound),
            Outcome { open: false, .. } => Err(HotHoldError::CartNotOpen),
            Outcome { in_cart: false, .. } => Err(HotHoldError::NotInCart),
            Outcome { taken: true, .. } => Err(HotHoldError::AlreadyHeld),
            _ if left >= i64::from(hold.quantity.get()) => {
                again.push(waiting);
                continue;
            }
            _ => Err(HotHoldError::OutOfStock { available: left.max(0) }),
        };
        drop(waiting.answer.send(result));
    }
    again
}

/// Carts that somebody has locked are passed over rather than waited for. Holds of a level are
/// taken in order as long as their running sum fits; the levels stay locked from the first look to
/// the commit.
const WRITE: &str = "
WITH wish AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[],
                         $6::timestamptz[], $7::uuid[], $8::jsonb[], $12::text[], $13::text[],
                         $14::bytea[], $15::timestamptz[], $16::text[])
      WITH ORDINALITY AS wish (location_id, variant_id, id, cart_id, quantity, expires_at,
                               event_id, payload, scope, key, digest, kept_until, answer, number)),
open AS MATERIALIZED (
    SELECT cart.id FROM cart
     WHERE cart.id = ANY ($4) AND cart.state IN ('active', 'checkout')
       FOR SHARE SKIP LOCKED),
level AS MATERIALIZED (
    SELECT location_id, variant_id,
           on_hand::bigint + backorder_limit - reserved - allocated AS free
      FROM stock_level JOIN location ON location.id = location_id AND location.live
     WHERE (location_id, variant_id) IN (SELECT location_id, variant_id FROM wish)
     ORDER BY location_id, variant_id FOR NO KEY UPDATE OF stock_level),
judged AS MATERIALIZED (
    SELECT wish.*, EXISTS (SELECT FROM open WHERE open.id = wish.cart_id) AS open,
           EXISTS (SELECT FROM cart_line WHERE cart_line.cart_id = wish.cart_id
                                           AND cart_line.variant_id = wish.variant_id) AS in_cart,
           EXISTS (SELECT FROM reservation
                    WHERE reservation.cart_id = wish.cart_id
                      AND reservation.variant_id = wish.variant_id
                      AND state = 'active') AS taken,
           EXISTS (SELECT FROM idempotency_key AS former
                    WHERE former.scope = wish.scope AND former.key = wish.key) AS used
      FROM wish),
fitting AS MATERIALIZED (
    SELECT one.*
      FROM (SELECT judged.*, sum(quantity) OVER (PARTITION BY location_id, variant_id
                                                     ORDER BY number) AS running
              FROM judged WHERE open AND in_cart AND NOT taken AND NOT used) AS one
      JOIN level USING (location_id, variant_id)
     WHERE one.running <= level.free),
held AS (
    INSERT INTO reservation (id, cart_id, variant_id, location_id, quantity, event_seq,
                             created_at, expires_at)
    SELECT id, cart_id, variant_id, location_id, quantity, 1, $9, expires_at FROM fitting
     ORDER BY number),
told AS (
    INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at)
    SELECT event_id, 'reservation', id, 1, $10, $11, payload, $9 FROM fitting),
keyed AS (
    INSERT INTO idempotency_key (scope, key, request_hash, state, response_status, response_body,
                                 locked_until, created_at, expires_at)
    SELECT scope, key, digest, 'completed', 201, answer, $9, $9, kept_until FROM fitting
     WHERE key IS NOT NULL ORDER BY scope, key)
SELECT fitting.id IS NOT NULL, judged.open, judged.in_cart, judged.taken, judged.used, level.free
  FROM judged LEFT JOIN fitting ON fitting.number = judged.number
  LEFT JOIN level ON level.location_id = judged.location_id
                 AND level.variant_id = judged.variant_id
 ORDER BY judged.number";

async fn write(
    pool: &PgPool,
    context: &Context,
    batch: &[Waiting],
    ids: &[ReservationId],
) -> Result<Vec<Outcome>, sqlx::Error> {
    let holds: Vec<HotHold> = batch.iter().map(|waiting| waiting.hold).collect();
    let payloads = holds
        .iter()
        .zip(ids)
        .map(|(hold, id)| {
            event::payload(&ReservationHeld {
                reservation: *id,
                cart: hold.cart,
                variant: hold.variant,
                location: hold.location,
                quantity: hold.quantity,
                expires_at: hold.until,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<Option<&HoldKey>> = batch.iter().map(|waiting| waiting.key.as_ref()).collect();
    let answers = batch
        .iter()
        .zip(ids)
        .map(|(one, id)| one.key.as_ref().map(|key| (key.answer)(&made(*id, one.hold))).transpose())
        .collect::<Result<Vec<Option<String>>, _>>()
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    let of_keys = |field: fn(&HoldKey) -> &str| -> Vec<Option<&str>> {
        keys.iter().map(|key| key.map(field)).collect()
    };
    let rows = sqlx::query(WRITE)
        .bind(holds.iter().map(|hold| hold.location).collect::<Vec<_>>())
        .bind(holds.iter().map(|hold| hold.variant).collect::<Vec<_>>())
        .bind(ids)
        .bind(holds.iter().map(|hold| hold.cart).collect::<Vec<_>>())
        .bind(holds.iter().map(|hold| hold.quantity.get()).collect::<Vec<_>>())
        .bind(holds.iter().map(|hold| hold.until).collect::<Vec<_>>())
        .bind(holds.iter().map(|_| context.id::<EventId>()).collect::<Vec<_>>())
        .bind(payloads)
        .bind(context.now())
        .bind(ReservationHeld::TYPE)
        .bind(ReservationHeld::VERSION)
        .bind(of_keys(|key| &key.scope))
        .bind(of_keys(|key| &key.key))
        .bind(keys.iter().map(|key| key.map(|key| &key.digest[..])).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.map(|key| key.expires_at)).collect::<Vec<_>>())
        .bind(answers)
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Outcome {
                held: row.try_get(0)?,
                open: row.try_get(1)?,
                in_cart: row.try_get(2)?,
                taken: row.try_get(3)?,
                used: row.try_get(4)?,
                free: row.try_get(5)?,
            })
        })
        .collect()
}
