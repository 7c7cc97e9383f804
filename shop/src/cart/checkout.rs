//! Checkout: the lines are frozen, their stock is held, their prices hold.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool, Row as _};

use super::access::{LockedCart, admit, lock, locked_columns};
use super::events::{CartCheckoutBegun, CartCheckoutLeft};
use super::line::units;
use super::price::{PriceChange, look_up};
use super::{CartRefusal, CartRequest, CartState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::{Event as _, payload};
use crate::id::{CartId, EventId, VariantId};
use crate::inventory::{self, HoldError, HoldLine, Reservation, Strategy};
use crate::machine::Move;
use crate::value::Quantity;

/// How long stock and prices are held for a cart in checkout.
pub const HOLD_LIFE: TimeDelta = TimeDelta::minutes(15);

/// A cart whose stock and prices are held.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Until when.
    pub until: DateTime<Utc>,
    /// The stock; nothing for variants whose inventory is not tracked.
    pub reservations: Vec<Reservation>,
    /// The cart's version.
    pub version: i64,
}

/// Why checkout did not begin. Nothing was written, and nothing is held.
#[derive(Debug, thiserror::Error)]
pub enum BeginCheckoutError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// There is nothing in it.
    #[error("the cart is empty")]
    Empty,
    /// The prices that were shown have expired, and these are others now. Reprice the cart and
    /// show them.
    #[error("prices have changed since they were shown")]
    PricesChanged(Vec<PriceChange>),
    /// There is not enough stock.
    #[error("{wanted} units are wanted, {available} can be had")]
    OutOfStock {
        /// Of which variant.
        variant: VariantId,
        /// How many are wanted.
        wanted: Quantity,
        /// How many are free, over all locations.
        available: i64,
    },
    /// Stock was not held for another reason.
    #[error(transparent)]
    Stock(HoldError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(BeginCheckoutError {});

impl From<HoldError> for BeginCheckoutError {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Database(error) => Self::Database(error),
            HoldError::OutOfStock { variant, wanted, available } => {
                Self::OutOfStock { variant, wanted, available }
            }
            refusal => Self::Stock(refusal),
        }
    }
}

/// Why checkout was not left.
#[derive(Debug, thiserror::Error)]
pub enum LeaveCheckoutError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(LeaveCheckoutError {});

/// Freezes a cart and holds its stock and its prices for [`HOLD_LIFE`].
///
/// Prices that were shown and have not expired are kept, whatever the list says now.
///
/// # Errors
/// See [`BeginCheckoutError`].
pub async fn begin_checkout(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
    strategy: Strategy,
) -> Result<Checkout, BeginCheckoutError> {
    crate::transact!(pool, BeginCheckoutError, |connection| {
        begin_checkout_within(connection, context, request, strategy).await
    })
}

/// [`begin_checkout`] as a part of the caller's transaction.
pub(crate) async fn begin_checkout_within(
    connection: &mut PgConnection,
    context: &Context,
    request: &CartRequest,
    strategy: Strategy,
) -> Result<Checkout, BeginCheckoutError> {
    let cart = request.cart;
    let (locked, lines) = lock_lines(connection, context, request).await?;
    let until = context.now() + HOLD_LIFE;
    if lines.is_empty() {
        Err(BeginCheckoutError::Empty)?;
    }
    if !locked.prices_hold(context.now()) {
        let changes = look_up(connection, context, cart, &locked).await?;
        if !changes.is_empty() {
            Err(BeginCheckoutError::PricesChanged(changes))?;
        }
    }
    let held = lines
        .into_iter()
        .filter(|(.., tracked)| *tracked)
        .map(|(variant, quantity, _)| Ok(HoldLine { variant, quantity: units(quantity)? }))
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    let reservations = if held.is_empty() {
        Vec::new()
    } else {
        inventory::hold(connection, context, cart, &held, strategy, until).await?
    };
    let version =
        freeze(connection, context, cart, until).await?.ok_or(CartRefusal::State(locked.state))?;
    Ok(Checkout { until, reservations, version })
}

/// What is in a cart: of which variant, how many, and whether their stock is counted.
type Line = (VariantId, i64, bool);

/// Locks the cart and reads its lines. A statement sees the lines as they were when it began; they
/// are read again if the cart was changed before it was locked.
async fn lock_lines(
    connection: &mut PgConnection,
    context: &Context,
    request: &CartRequest,
) -> Result<(LockedCart, Vec<Line>), BeginCheckoutError> {
    let row =
        request.bind(sqlx::query(LOCK_LINES), context).fetch_optional(&mut *connection).await?;
    let states = [CartState::Active];
    let locked = admit::<BeginCheckoutError>(row.as_ref(), context, request, &states)?;
    if let Some(row) = row.filter(|row| row.try_get(7).unwrap_or(false)) {
        let (variants, quantities): (Vec<VariantId>, Vec<i64>) = (row.try_get(8)?, row.try_get(9)?);
        let tracked: Vec<bool> = row.try_get(10)?;
        let lines = variants.into_iter().zip(quantities).zip(tracked);
        return Ok((locked, lines.map(|((variant, units), is)| (variant, units, is)).collect()));
    }
    let lines = sqlx::query_as(LINES).bind(request.cart).fetch_all(connection).await?;
    Ok((locked, lines))
}

const LOCK_LINES: &str = concat!(
    "WITH held AS MATERIALIZED (SELECT id, ctid AS place, ",
    locked_columns!(),
    " FROM cart WHERE id = $1 FOR NO KEY UPDATE)
    SELECT held.customer_id, held.currency, held.state, held.version, held.prices_expire_at,
           held.expires_at, held.theirs, cart.ctid = held.place, line.*
      FROM held JOIN cart ON cart.id = held.id CROSS JOIN LATERAL (
           SELECT coalesce(array_agg(variant_id ORDER BY variant_id), '{}'),
                  coalesce(array_agg(quantity::bigint ORDER BY variant_id), '{}'),
                  coalesce(array_agg(track_inventory ORDER BY variant_id), '{}')
             FROM cart_line JOIN variant ON variant.id = variant_id
            WHERE cart_id = held.id) AS line"
);

const LINES: &str = "
    SELECT line.variant_id, line.quantity::bigint, variant.track_inventory
      FROM cart_line AS line JOIN variant ON variant.id = line.variant_id
     WHERE line.cart_id = $1 ORDER BY line.variant_id";

// The prices of the lines hold at least as long as the stock.
const FREEZE: &str = "
    WITH frozen AS (
        UPDATE cart SET state = 'checkout', state_seq = state_seq + 1, event_seq = event_seq + 1,
               version = version + 1,
               priced_at = CASE WHEN prices_expire_at > $3 THEN priced_at ELSE $3 END,
               prices_expire_at = greatest(prices_expire_at, $2),
               expires_at = greatest(expires_at, $2)
         WHERE id = $1 AND state = 'active'
        RETURNING id, state_seq, event_seq, version
    ), noted AS (
        INSERT INTO cart_history (cart_id, seq, from_state, to_state, actor, at)
        SELECT id, state_seq, 'active', 'checkout', $4, $3 FROM frozen
    ), told AS (
        INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload,
                            occurred_at)
        SELECT $5, 'cart', id, event_seq, $6, $7, $8::jsonb, $3 FROM frozen
    )
    SELECT version FROM frozen";

/// Moves the locked cart into checkout, and gives its version.
async fn freeze(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
    until: DateTime<Utc>,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(FREEZE)
        .bind(cart)
        .bind(until)
        .bind(context.now())
        .bind(context.actor().as_str())
        .bind(context.id::<EventId>())
        .bind(CartCheckoutBegun::TYPE)
        .bind(CartCheckoutBegun::VERSION)
        .bind(payload(&CartCheckoutBegun { cart, until })?)
        .fetch_optional(connection)
        .await
}

/// Thaws a cart: its stock is free again and its lines can change. Gives its version.
///
/// # Errors
/// See [`LeaveCheckoutError`].
pub async fn leave_checkout(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
) -> Result<i64, LeaveCheckoutError> {
    let cart = request.cart;
    crate::transact!(pool, LeaveCheckoutError, |connection| {
        let locked =
            lock::<LeaveCheckoutError>(connection, context, request, &[CartState::Checkout])
                .await?;
        inventory::release_cart(connection, context, cart, "left checkout").await?;
        let change = Move::new(cart, &[CartState::Checkout], CartState::Active);
        change
            .make(connection, context, &CartCheckoutLeft { cart })
            .await?
            .ok_or(CartRefusal::State(locked.state))?;
        let version: i64 = sqlx::query_scalar(
            "UPDATE cart SET version = version + 1 WHERE id = $1 RETURNING version",
        )
        .bind(cart)
        .fetch_one(&mut *connection)
        .await?;
        Ok(version)
    })
}
