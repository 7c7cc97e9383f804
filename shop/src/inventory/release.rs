//! Giving held stock back, holding it for longer, and what happens when its time is over.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::batch::{self, Claim};
use super::events::reservation::ReservationExtended;
use super::{Reservation, ReservationState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::Event as _;
use crate::id::{CartId, EventId, ReservationId};

/// Gives back all that is held for a cart. Gives how many reservations that were; none is fine.
///
/// # Errors
/// The database failed.
pub async fn release_cart(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
    reason: &str,
) -> Result<usize, DatabaseError> {
    Ok(batch::make(connection, context, Claim::OfCart(cart), reason).await?.len())
}

/// Why a reservation was not given back.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// It does not exist.
    #[error("there is no such reservation")]
    NotFound,
    /// It is not held any more.
    #[error("the reservation is {state}")]
    NotHeld {
        /// What it is.
        state: ReservationState,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ReleaseError {});

/// Gives one reservation back, if it is still held for a cart.
///
/// # Errors
/// It is not held: given back before, expired, or promised to an order.
pub async fn release(
    connection: &mut PgConnection,
    context: &Context,
    reservation: ReservationId,
    reason: &str,
) -> Result<Reservation, ReleaseError> {
    let released = batch::make(connection, context, Claim::One(reservation), reason).await?;
    if let Some(released) = released.into_iter().next() {
        return Ok(released);
    }
    let state: Option<ReservationState> =
        sqlx::query_scalar("SELECT state FROM reservation WHERE id = $1")
            .bind(reservation)
            .fetch_optional(connection)
            .await?;
    Err(state.map_or(ReleaseError::NotFound, |state| ReleaseError::NotHeld { state }))
}

/// Why stock is not held for longer.
#[derive(Debug, thiserror::Error)]
pub enum ExtendError {
    /// Nothing is held for the cart.
    #[error("no stock is held for the cart")]
    NothingHeld,
    /// The time of a reservation is over.
    #[error("the time of {reservations} reservations is over")]
    Expired {
        /// How many.
        reservations: i64,
    },
    /// The hold would be over already.
    #[error("stock is held until a time to come")]
    UntilPast,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ExtendError {});

/// Holds all that is held for a cart until a later time; a hold is never cut short. Gives how many
/// reservations that are.
///
/// # Errors
/// Nothing is held, or the time of a part of it is over.
pub async fn extend(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
    until: DateTime<Utc>,
) -> Result<i64, ExtendError> {
    let now = context.now();
    if until <= now {
        return Err(ExtendError::UntilPast);
    }
    let mut enough = 8;
    loop {
        let ids: Vec<EventId> = (0..enough).map(|_| context.id()).collect();
        let (held, due): (i64, i64) = sqlx::query_as(
            "WITH held AS MATERIALIZED (
                 SELECT id, expires_at FROM reservation WHERE cart_id = $1 AND state = 'active'
                  ORDER BY location_id, variant_id FOR NO KEY UPDATE),
             fresh AS (SELECT * FROM unnest($2::uuid[]) WITH ORDINALITY AS fresh (id, number)),
             numbered AS (
                 SELECT id, row_number() OVER () AS number FROM held
                  WHERE (SELECT count(*) FROM held) <= (SELECT count(*) FROM fresh)
                    AND NOT EXISTS (SELECT FROM held WHERE expires_at <= $4)),
             moved AS (
                 UPDATE reservation AS one
                    SET expires_at = greatest(expires_at, $3), event_seq = event_seq + 1
                   FROM numbered WHERE one.id = numbered.id
                 RETURNING one.id, event_seq, one.expires_at, number),
             told AS (
                 INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload,
                                     occurred_at)
                 SELECT fresh.id, 'reservation', moved.id, event_seq, $5, $6,
                        jsonb_build_object(
                            'reservation', 'res_' || replace(moved.id::text, '-', ''),
                            'expires_at', to_char(expires_at AT TIME ZONE 'UTC',
                                                  'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')), $4
                   FROM moved JOIN fresh USING (number))
             SELECT count(*), count(*) FILTER (WHERE expires_at <= $4) FROM held",
        )
        .bind(cart)
        .bind(&ids)
        .bind(until)
        .bind(now)
        .bind(ReservationExtended::TYPE)
        .bind(ReservationExtended::VERSION)
        .fetch_one(&mut *connection)
        .await?;
        match (held, due) {
            (0, _) => return Err(ExtendError::NothingHeld),
            (_, 1..) => return Err(ExtendError::Expired { reservations: due }),
            (held, _) if held <= enough => return Ok(held),
            (held, _) => enough = held,
        }
    }
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// How many reservations it ended.
    pub expired: usize,
    /// Whether there may be more that are due.
    pub more: bool,
}

/// Ends reservations whose time is over, at most `limit` of them, and gives their stock back.
///
/// One statement and one transaction. Reservations that somebody is about to commit, extend or
/// release are passed over, and it is on their side that the time decides; so a sweep waits for
/// nobody but the levels, which nobody holds for long. Sweeps may run side by side.
///
/// # Errors
/// The database failed; conflicts were tried again.
pub async fn sweep(pool: &PgPool, context: &Context, limit: u16) -> Result<Swept, DatabaseError> {
    crate::transact!(pool, DatabaseError, |connection| {
        let expired =
            batch::make(connection, context, Claim::Due(limit), "its time is over").await?.len();
        Ok(Swept { expired, more: expired == usize::from(limit) })
    })
}
