//! Prices that hold, and what happens when they do not any more.
//!
//! A price that was shown is charged for [`PRICE_LIFE`], whatever the list says meanwhile. After
//! that the lines are looked up again, and what changed is told before anything is charged.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool};

use super::access::{LockedCart, Prices, lock, touch};
use super::events::CartRepriced;
use super::line::{Amount, set_lines, stored};
use super::{CartRefusal, CartRequest, CartState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{CartId, VariantId};
use crate::money::Money;

/// How long a price that was shown is charged.
pub const PRICE_LIFE: TimeDelta = TimeDelta::hours(1);

/// A line that costs something else now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceChange {
    /// Of what.
    pub variant: VariantId,
    /// What one cost when it was shown.
    pub shown: Money,
    /// What one costs now; none when it is not for sale any more and its line is gone.
    pub now: Option<Money>,
}

/// What looking the prices up again came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repriced {
    /// The lines that changed, by variant; to be shown to the customer.
    pub changes: Vec<PriceChange>,
    /// Until when the prices hold.
    pub until: DateTime<Utc>,
    /// The cart's version after the change.
    pub version: i64,
}

/// Why the prices were not looked up.
#[derive(Debug, thiserror::Error)]
pub enum RepriceError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RepriceError {});

/// Looks up the price of every line again and tells which have changed. A line whose variant is
/// not for sale any more is removed.
///
/// # Errors
/// See [`RepriceError`].
pub async fn reprice(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
) -> Result<Repriced, RepriceError> {
    let cart = request.cart;
    crate::transact!(pool, RepriceError, |connection| {
        let locked =
            lock::<RepriceError>(connection, context, request, &[CartState::Active]).await?;
        let changes = look_up(connection, context, cart, &locked).await?;
        let until = context.now() + PRICE_LIFE;
        let changed = u32::try_from(changes.len()).unwrap_or(u32::MAX);
        let event = CartRepriced { cart, changed, until };
        let version = touch(connection, context, cart, Prices::Renewed, &event).await?;
        Ok(Repriced { changes, until, version })
    })
}

/// Gives every line of a locked cart the price of now; tells which changed.
pub(crate) async fn look_up(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
    locked: &LockedCart,
) -> Result<Vec<PriceChange>, sqlx::Error> {
    let shown: Vec<(VariantId, i64, i64)> = sqlx::query_as(
        "SELECT variant_id, quantity::bigint, unit_price::bigint FROM cart_line
          WHERE cart_id = $1 ORDER BY variant_id",
    )
    .bind(cart)
    .fetch_all(&mut *connection)
    .await?;
    let wanted: Vec<_> = shown.iter().map(|(variant, units, _)| (*variant, *units)).collect();
    let outcomes = set_lines(connection, context, cart, &wanted, Amount::InAll).await?;
    let mut changes = Vec::new();
    let mut gone = Vec::new();
    // Both are in the order of the variants.
    for ((variant, _, before), outcome) in shown.into_iter().zip(outcomes) {
        let now = outcome.price(locked.currency)?;
        if now.is_none() {
            gone.push(variant);
        }
        let shown = stored(before, locked.currency)?;
        if now != Some(shown) {
            changes.push(PriceChange { variant, shown, now });
        }
    }
    if !gone.is_empty() {
        sqlx::query("DELETE FROM cart_line WHERE cart_id = $1 AND variant_id = ANY ($2)")
            .bind(cart)
            .bind(gone)
            .execute(&mut *connection)
            .await?;
    }
    Ok(changes)
}
