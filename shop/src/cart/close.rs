//! Carts that end without an order: given up, or expired.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::access::lock;
use super::events::{CartAbandoned, CartExpired};
use super::{CartRefusal, CartRequest, CartState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::CartId;
use crate::inventory;
use crate::machine::Move;

/// Why a cart was not given up.
#[derive(Debug, thiserror::Error)]
pub enum AbandonError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(AbandonError {});

const OPEN: &[CartState] = &[CartState::Active, CartState::Checkout];

/// Gives a cart up: what was held for it is free again, and its customer may have another.
///
/// # Errors
/// See [`AbandonError`].
pub async fn abandon(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
) -> Result<(), AbandonError> {
    let cart = request.cart;
    crate::transact!(pool, AbandonError, |connection| {
        let locked = lock::<AbandonError>(connection, context, request, OPEN).await?;
        if locked.state == CartState::Checkout {
            inventory::release_cart(connection, context, cart, "cart abandoned").await?;
        }
        let change = Move::new(cart, OPEN, CartState::Abandoned);
        change
            .make(connection, context, &CartAbandoned { cart })
            .await?
            .ok_or(CartRefusal::State(locked.state))?;
        Ok(())
    })
}

const DUE: &str = "
    SELECT id FROM cart
     WHERE state IN ('active', 'checkout') AND expires_at <= $1 ORDER BY expires_at LIMIT $2";

const CLAIM: &str = "
    SELECT state::text, expires_at FROM cart
     WHERE id = $1 AND state IN ('active', 'checkout')
       FOR NO KEY UPDATE SKIP LOCKED";

/// Expires up to `limit` carts whose time is over; gives those that expired.
///
/// Each cart has a transaction of its own, and one that somebody is working on is left alone.
///
/// # Errors
/// The database.
pub async fn expire_due(
    pool: &PgPool,
    context: &Context,
    limit: u32,
) -> Result<Vec<CartId>, DatabaseError> {
    let now = context.now();
    let due: Vec<CartId> =
        sqlx::query_scalar(DUE).bind(now).bind(i64::from(limit)).fetch_all(pool).await?;
    let mut expired = Vec::new();
    for cart in due {
        let done = crate::transact!(pool, DatabaseError, |connection| {
            let claimed: Option<(CartState, DateTime<Utc>)> =
                sqlx::query_as(CLAIM).bind(cart).fetch_optional(&mut *connection).await?;
            let moved = match claimed {
                // A change in between has prolonged its life.
                Some((state, until)) if until <= now => {
                    if state == CartState::Checkout {
                        inventory::release_cart(connection, context, cart, "cart expired").await?;
                    }
                    let change = Move::new(cart, &[state], CartState::Expired);
                    change.make(connection, context, &CartExpired { cart }).await?
                }
                _ => None,
            };
            Ok(moved.is_some())
        })?;
        expired.extend(done.then_some(cart));
    }
    Ok(expired)
}
