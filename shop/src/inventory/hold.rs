//! Holding stock for a cart.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row};

use super::allocate::{Strategy, Supply, Take, allocate};
use super::events::reservation::ReservationHeld;
use super::{Reservation, ReservationState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::{self, Event as _};
use crate::id::{CartId, EventId, Id as _, VariantId};
use crate::value::Quantity;

/// What a cart wants of one variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldLine {
    /// Of which variant.
    pub variant: VariantId,
    /// How many.
    pub quantity: Quantity,
}

/// Why stock was not held.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// Less is free than is wanted, or not in one place.
    #[error("{wanted} units are wanted, {available} can be had")]
    OutOfStock {
        /// Of which variant.
        variant: VariantId,
        /// How many are wanted.
        wanted: Quantity,
        /// How many are free, over all locations.
        available: i64,
    },
    /// The variant does not exist, or is deleted.
    #[error("there is no such variant: {variant}")]
    VariantNotFound {
        /// Which.
        variant: VariantId,
    },
    /// The cart has no line of a variant.
    #[error("stock is held for lines of the cart only")]
    NotInCart,
    /// Stock of the variant is held for the cart already.
    #[error("stock is held for this line already")]
    AlreadyHeld,
    /// One variant is wanted twice.
    #[error("the variant {variant} is wanted twice")]
    VariantTwice {
        /// Which.
        variant: VariantId,
    },
    /// The hold would be over before it begins.
    #[error("stock is held until a time to come")]
    UntilPast,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(HoldError {
    "reservation_for_a_cart_line" => HoldError::NotInCart,
    "reservation_one_active_per_line" => HoldError::AlreadyHeld,
    "reservation_expires_after_creation" => HoldError::UntilPast,
});

/// Holds stock for lines of a cart: all of them, or none. Variants that are not counted need none.
///
/// Two round trips. The levels of the variants are locked in the order of their keys until the
/// caller's transaction ends. The caller holds the cart's row.
///
/// # Errors
/// Nothing is written when one line cannot be had.
pub async fn hold(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
    lines: &[HoldLine],
    strategy: Strategy,
    until: DateTime<Utc>,
) -> Result<Vec<Reservation>, HoldError> {
    if until <= context.now() {
        return Err(HoldError::UntilPast);
    }
    let mut seen = HashSet::new();
    if let Some(line) = lines.iter().find(|line| !seen.insert(line.variant)) {
        return Err(HoldError::VariantTwice { variant: line.variant });
    }
    let stock = stock(connection, cart, lines).await?;
    let mut reservations = Vec::with_capacity(lines.len());
    for line in lines {
        for Take { location, quantity } in takes(*line, strategy, &stock)? {
            reservations.push(Reservation {
                id: context.id(),
                cart: Some(cart),
                variant: line.variant,
                location,
                order_line: None,
                quantity,
                state: ReservationState::Active,
                expires_at: until,
            });
        }
    }
    insert(connection, context, cart, &reservations).await?;
    Ok(reservations)
}

/// What there is of one variant.
#[derive(Debug, Default)]
struct Stock {
    tracked: bool,
    already_held: bool,
    supplies: Vec<Supply>,
}

fn takes(
    HoldLine { variant, quantity }: HoldLine,
    strategy: Strategy,
    stock: &BTreeMap<VariantId, Stock>,
) -> Result<Vec<Take>, HoldError> {
    let stock = stock.get(&variant).ok_or(HoldError::VariantNotFound { variant })?;
    if !stock.tracked {
        return Ok(Vec::new());
    }
    if stock.already_held {
        return Err(HoldError::AlreadyHeld);
    }
    allocate(strategy, quantity, &stock.supplies).ok_or_else(|| HoldError::OutOfStock {
        variant,
        wanted: quantity,
        available: stock.supplies.iter().map(|supply| supply.free.max(0)).sum(),
    })
}

/// Locks the levels of the variants and reads them.
async fn stock(
    connection: &mut PgConnection,
    cart: CartId,
    lines: &[HoldLine],
) -> Result<BTreeMap<VariantId, Stock>, sqlx::Error> {
    let variants: Vec<VariantId> = lines.iter().map(|line| line.variant).collect();
    let rows = sqlx::query(
        "WITH level AS (
             SELECT location_id, variant_id, on_hand, reserved, allocated, backorder_limit,
                    location.country::text, location.priority
               FROM stock_level JOIN location ON location.id = location_id AND location.live
              WHERE variant_id = ANY ($1)
              ORDER BY location_id, variant_id FOR NO KEY UPDATE OF stock_level)
         SELECT variant.id, track_inventory,
                EXISTS (SELECT FROM reservation WHERE cart_id = $2
                           AND variant_id = variant.id AND state = 'active'),
                location_id, country, priority, on_hand::bigint - reserved - allocated,
                on_hand::bigint + backorder_limit - reserved - allocated
           FROM variant LEFT JOIN level ON level.variant_id = variant.id
          WHERE variant.id = ANY ($1) AND variant.live",
    )
    .bind(&variants)
    .bind(cart)
    .fetch_all(connection)
    .await?;
    let mut stock = BTreeMap::<VariantId, Stock>::new();
    for row in rows {
        let of = stock.entry(row.try_get(0)?).or_default();
        (of.tracked, of.already_held) = (row.try_get(1)?, row.try_get(2)?);
        if let Some(location) = row.try_get(3)? {
            of.supplies.push(Supply {
                location,
                country: row.try_get(4)?,
                priority: row.try_get(5)?,
                on_hand: row.try_get(6)?,
                free: row.try_get(7)?,
            });
        }
    }
    Ok(stock)
}

/// Writes reservations and their events; their trigger moves the levels in the order of the keys.
async fn insert(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
    reservations: &[Reservation],
) -> Result<(), HoldError> {
    let payloads = reservations
        .iter()
        .map(|held| {
            event::payload(&ReservationHeld {
                reservation: held.id,
                cart,
                variant: held.variant,
                location: held.location,
                quantity: held.quantity,
                expires_at: held.expires_at,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let column = |of: fn(&Reservation) -> uuid::Uuid| -> Vec<uuid::Uuid> {
        reservations.iter().map(of).collect()
    };
    sqlx::query(
        "WITH held AS (
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[],
                                  $6::jsonb[], $7::timestamptz[])
                 AS held (id, variant_id, location_id, quantity, event_id, payload, expires_at)),
         reserved AS (
             INSERT INTO reservation (id, cart_id, variant_id, location_id, quantity, event_seq,
                                      created_at, expires_at)
             SELECT id, $8, variant_id, location_id, quantity, 1, $9, expires_at FROM held)
         INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload,
                             occurred_at)
         SELECT event_id, 'reservation', id, 1, $10, $11, payload, $9 FROM held",
    )
    .bind(column(|held| held.id.uuid()))
    .bind(column(|held| held.variant.uuid()))
    .bind(column(|held| held.location.uuid()))
    .bind(reservations.iter().map(|held| held.quantity.get()).collect::<Vec<i32>>())
    .bind(reservations.iter().map(|_| context.id::<EventId>()).collect::<Vec<_>>())
    .bind(payloads)
    .bind(reservations.iter().map(|held| held.expires_at).collect::<Vec<_>>())
    .bind(cart)
    .bind(context.now())
    .bind(ReservationHeld::TYPE)
    .bind(ReservationHeld::VERSION)
    .execute(connection)
    .await?;
    Ok(())
}
