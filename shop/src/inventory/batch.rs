//! Moves of many reservations at once: the change, the history and the events in one statement.
//!
//! How many reservations there are is known to the database only, but each needs an event id of
//! ours. So a statement brings ids for as many as there are likely to be and moves nothing if they
//! are too few; it has locked what it found by then, and is sent once more with enough.
//!
//! **Invariant**: whatever moves a reservation claims it by its state, on the locked row.

use sqlx::{FromRow as _, PgConnection, Postgres, QueryBuilder, Row as _};

use super::events::reservation::{ReservationExpired, ReservationFulfilled, ReservationReleased};
use super::{Reservation, ReservationState};
use crate::context::Context;
use crate::event::Event;
use crate::id::{CartId, EventId, OrderLineId, ReservationId};

/// Ids that the first try brings.
const LIKELY: usize = 8;

/// Which reservations shall be moved.
#[derive(Debug, Clone, Copy)]
pub(super) enum Claim<'a> {
    /// Those that are held for a cart.
    OfCart(CartId),
    /// One that is held.
    One(ReservationId),
    /// Those whose time is over, at most so many, except those that somebody else is about to move.
    Due(u16),
    /// Those of order lines that hold nothing any more, of which some has shipped.
    Shipped(&'a [OrderLineId]),
    /// Those of order lines that hold nothing any more, of which nothing has shipped.
    Withdrawn(&'a [OrderLineId]),
}

impl Claim<'_> {
    fn to(self) -> (ReservationState, &'static str, i16) {
        match self {
            Self::OfCart(_) | Self::One(_) | Self::Withdrawn(_) => (
                ReservationState::Released,
                ReservationReleased::TYPE,
                ReservationReleased::VERSION,
            ),
            Self::Due(_) => {
                (ReservationState::Expired, ReservationExpired::TYPE, ReservationExpired::VERSION)
            }
            Self::Shipped(_) => (
                ReservationState::Fulfilled,
                ReservationFulfilled::TYPE,
                ReservationFulfilled::VERSION,
            ),
        }
    }

    /// Locks in the order of the levels, which the statement's trigger moves next.
    fn push(self, sql: &mut QueryBuilder<Postgres>, context: &Context) {
        match self {
            Self::OfCart(cart) => {
                sql.push("state = 'active' AND cart_id = ").push_bind(cart);
            }
            Self::One(reservation) => {
                sql.push("state = 'active' AND id = ").push_bind(reservation);
            }
            Self::Due(limit) => {
                sql.push("state = 'active' AND expires_at <= ").push_bind(context.now());
                sql.push(" ORDER BY expires_at LIMIT ").push_bind(i64::from(limit));
                sql.push(" FOR NO KEY UPDATE SKIP LOCKED");
                return;
            }
            Self::Shipped(lines) | Self::Withdrawn(lines) => {
                let shipped = matches!(self, Self::Shipped(_));
                sql.push("state = 'committed' AND shipped + withdrawn = quantity AND ");
                sql.push(if shipped { "shipped > 0" } else { "shipped = 0" });
                sql.push(" AND order_line_id = ANY (").push_bind(lines.to_vec()).push(")");
            }
        }
        sql.push(" ORDER BY location_id, variant_id FOR NO KEY UPDATE");
    }
}

/// Moves what is claimed; gives what was moved, as it is now.
pub(super) async fn make(
    connection: &mut PgConnection,
    context: &Context,
    claim: Claim<'_>,
    reason: &str,
) -> Result<Vec<Reservation>, sqlx::Error> {
    let mut enough = if let Claim::Due(limit) = claim { usize::from(limit) } else { LIKELY };
    loop {
        let ids: Vec<EventId> = (0..enough).map(|_| context.id()).collect();
        let rows =
            statement(context, claim, reason, ids).build().fetch_all(&mut *connection).await?;
        let claimed: i64 = rows.first().map_or(Ok(0), |row| row.try_get("claimed"))?;
        let claimed = usize::try_from(claimed).unwrap_or(usize::MAX);
        if claimed <= enough {
            return rows.iter().filter(|_| claimed > 0).map(Reservation::from_row).collect();
        }
        enough = claimed;
    }
}

/// The further fields of an event that sets stock free.
const WHAT_IS_FREE: &str = ", 'variant', 'var_' || replace(variant_id::text, '-', ''), \
     'location', 'loc_' || replace(location_id::text, '-', ''), 'quantity', quantity";

fn statement(
    context: &Context,
    claim: Claim<'_>,
    reason: &str,
    ids: Vec<EventId>,
) -> QueryBuilder<Postgres> {
    let (to, event, version) = claim.to();
    let now = context.now();
    let mut sql = QueryBuilder::new(
        "WITH claimed AS MATERIALIZED (SELECT id, state AS from_state FROM reservation WHERE ",
    );
    claim.push(&mut sql, context);
    sql.push("), fresh AS (SELECT * FROM unnest(").push_bind(ids);
    sql.push("::uuid[]) WITH ORDINALITY AS fresh (event_id, number)), numbered AS (SELECT id, ");
    sql.push("from_state, row_number() OVER () AS number FROM claimed), moved AS (");
    sql.push("UPDATE reservation AS one SET state = ").push_bind(to.as_str());
    sql.push(", state_seq = state_seq + 1, event_seq = event_seq + 1, closed_at = ");
    sql.push_bind(now).push(" FROM numbered WHERE one.id = numbered.id AND ");
    sql.push("(SELECT count(*) FROM claimed) <= (SELECT count(*) FROM fresh) ");
    sql.push("RETURNING one.id, cart_id, variant_id, location_id, order_line_id, ");
    sql.push("quantity::int AS quantity, state, expires_at, state_seq, event_seq, from_state, ");
    sql.push("number), noted AS (INSERT INTO reservation_history (reservation_id, seq, ");
    sql.push("from_state, to_state, actor, reason, at) SELECT id, state_seq, from_state, state, ");
    sql.push_bind(context.actor().as_str().to_owned()).push(", ");
    sql.push_bind(reason.chars().take(200).collect::<String>()).push(", ").push_bind(now);
    sql.push(" FROM moved), told AS (INSERT INTO outbox (id, aggregatetype, aggregateid, seq, ");
    sql.push("type, version, payload, occurred_at) SELECT event_id, 'reservation', id, ");
    sql.push("event_seq, ").push_bind(event).push(", ").push_bind(version).push(", ");
    sql.push("jsonb_build_object('reservation', 'res_' || replace(id::text, '-', '')");
    if !matches!(claim, Claim::Shipped(_)) {
        sql.push(WHAT_IS_FREE);
    }
    sql.push("), ").push_bind(now);
    sql.push(" FROM moved JOIN fresh USING (number)) ");
    sql.push("SELECT (SELECT count(*) FROM claimed) AS claimed, moved.* ");
    sql.push("FROM (SELECT) AS always LEFT JOIN moved ON true ORDER BY number");
    sql
}
