//! Vouchers that a customer enters. Nothing is claimed by that; the order does it.

use sqlx::PgPool;

use super::access::{Prices, lock, touch};
use super::events::{CartVoucherEntered, CartVoucherWithdrawn};
use super::{CartRefusal, CartRequest, CartState};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::VoucherId;
use crate::pricing::VoucherCode;

/// Why a voucher was not entered.
#[derive(Debug, thiserror::Error)]
pub enum EnterVoucherError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// There is no voucher of this code, or not any more, or not yet.
    #[error("there is no such voucher")]
    Unknown,
    /// It was used as often as it may be.
    #[error("the voucher is used up")]
    UsedUp,
    /// It counts its uses per customer, and a guest is none.
    #[error("the voucher is for customers who are logged in")]
    NeedsCustomer,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(EnterVoucherError {});

/// Why a voucher was not taken out.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawVoucherError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// It was not entered.
    #[error("the voucher is not in the cart")]
    NotEntered,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(WithdrawVoucherError {});

const FIND: &str = "
    SELECT voucher.id, coalesce(voucher.used >= voucher.usage_limit, false),
           voucher.limited_per_customer
      FROM voucher JOIN promotion ON promotion.id = voucher.promotion_id
     WHERE lower(voucher.code) = lower($1) AND voucher.deleted_at IS NULL
       AND voucher.valid @> $2
       AND promotion.deleted_at IS NULL AND promotion.valid @> $2";

/// Enters a voucher by its code, in capitals or not. Entering it once more changes nothing.
///
/// # Errors
/// See [`EnterVoucherError`]. That a voucher could be entered does not promise that it can be used
/// when the order is placed.
pub async fn enter_voucher(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
    code: &str,
) -> Result<VoucherId, EnterVoucherError> {
    let cart = request.cart;
    crate::transact!(pool, EnterVoucherError, |connection| {
        let locked =
            lock::<EnterVoucherError>(connection, context, request, &[CartState::Active]).await?;
        // What could not be a code is not asked of the database.
        if code.parse::<VoucherCode>().is_err() {
            Err(EnterVoucherError::Unknown)?;
        }
        let (voucher, used_up, per_customer): (VoucherId, bool, bool) = sqlx::query_as(FIND)
            .bind(code)
            .bind(context.now())
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(EnterVoucherError::Unknown)?;
        if used_up {
            Err(EnterVoucherError::UsedUp)?;
        }
        if per_customer && locked.customer.is_none() {
            Err(EnterVoucherError::NeedsCustomer)?;
        }
        let entered = sqlx::query(
            "INSERT INTO cart_voucher (cart_id, voucher_id, added_at) VALUES ($1, $2, $3)
                 ON CONFLICT ON CONSTRAINT cart_voucher_identity DO NOTHING",
        )
        .bind(cart)
        .bind(voucher)
        .bind(context.now())
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if entered == 1 {
            let event = CartVoucherEntered { cart, voucher };
            touch(connection, context, cart, Prices::Untouched, &event).await?;
        }
        Ok(voucher)
    })
}

/// Takes a voucher out of a cart.
///
/// # Errors
/// See [`WithdrawVoucherError`].
pub async fn withdraw_voucher(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
    voucher: VoucherId,
) -> Result<i64, WithdrawVoucherError> {
    let cart = request.cart;
    crate::transact!(pool, WithdrawVoucherError, |connection| {
        lock::<WithdrawVoucherError>(connection, context, request, &[CartState::Active]).await?;
        let gone = sqlx::query("DELETE FROM cart_voucher WHERE cart_id = $1 AND voucher_id = $2")
            .bind(cart)
            .bind(voucher)
            .execute(&mut *connection)
            .await?
            .rows_affected();
        if gone == 0 {
            Err(WithdrawVoucherError::NotEntered)?;
        }
        let event = CartVoucherWithdrawn { cart, voucher };
        Ok(touch(connection, context, cart, Prices::Untouched, &event).await?)
    })
}
