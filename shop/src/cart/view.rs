//! A cart as it is shown.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};

use super::line::{stored, units};
use super::{CartRefusal, CartState, Shopper};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{CartId, CustomerId, PriceId, VariantId, VoucherId};
use crate::money::{Currency, Money};
use crate::value::Quantity;

/// A line as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartLine {
    /// What.
    pub variant: VariantId,
    /// How many.
    pub quantity: Quantity,
    /// What one costs.
    pub unit_price: Money,
    /// The price of the list that this is.
    pub price: PriceId,
}

/// A cart as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartView {
    /// Which.
    pub cart: CartId,
    /// Whose; none for a guest's.
    pub customer: Option<CustomerId>,
    /// Where it is in its life.
    pub state: CartState,
    /// What its prices are in.
    pub currency: Currency,
    /// Whether they include tax.
    pub tax_included: bool,
    /// Its version: the entity tag.
    pub version: i64,
    /// When its time is over.
    pub expires_at: DateTime<Utc>,
    /// Until when its prices hold; none while it never had a line.
    pub prices_expire_at: Option<DateTime<Utc>>,
    /// Its lines, in the order in which they were added.
    pub lines: Vec<CartLine>,
    /// The vouchers that were entered.
    pub vouchers: Vec<VoucherId>,
}

/// Why a cart is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ViewError {});

const CART: &str = "
    SELECT customer_id, state::text, currency::text, tax_included, version, expires_at,
           prices_expire_at,
           ARRAY(SELECT voucher_id FROM cart_voucher WHERE cart_id = cart.id
                  ORDER BY added_at, voucher_id),
           CASE WHEN $2::uuid IS NOT NULL THEN customer_id IS NOT DISTINCT FROM $2
                WHEN $3::bytea IS NOT NULL THEN EXISTS (
                    SELECT FROM cart_session AS session
                     WHERE session.cart_id = cart.id AND session.token_hash = $3
                       AND session.revoked_at IS NULL AND session.expires_at > $4)
                ELSE true END
      FROM cart WHERE id = $1";

/// A cart with its lines, in one consistent picture.
///
/// # Errors
/// [`CartRefusal::NotFound`] and [`CartRefusal::Foreign`].
pub async fn view(
    pool: &PgPool,
    context: &Context,
    cart: CartId,
    shopper: &Shopper,
) -> Result<CartView, ViewError> {
    let (customer, token) = match shopper {
        Shopper::Customer(customer) => (Some(*customer), None),
        Shopper::Session(token) => (None, Some(token.digest())),
        Shopper::Shop => (None, None),
    };
    crate::transact!(pool, ViewError, |connection| {
        // A change between the two reads would show lines of another version.
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *connection)
            .await?;
        let row = sqlx::query(CART)
            .bind(cart)
            .bind(customer)
            .bind(&token)
            .bind(context.now())
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(CartRefusal::NotFound)?;
        if !row.try_get::<bool, _>(8)? {
            Err(CartRefusal::Foreign)?;
        }
        let currency: Currency = row.try_get(2)?;
        let lines: Vec<(VariantId, i64, i64, PriceId)> = sqlx::query_as(
            "SELECT variant_id, quantity::bigint, unit_price::bigint, price_id FROM cart_line
              WHERE cart_id = $1 ORDER BY added_at, variant_id",
        )
        .bind(cart)
        .fetch_all(&mut *connection)
        .await?;
        let line = |(variant, quantity, minor, price): (VariantId, i64, i64, PriceId)| {
            let (quantity, unit_price) = (units(quantity)?, stored(minor, currency)?);
            Ok(CartLine { variant, quantity, unit_price, price })
        };
        Ok(CartView {
            cart,
            customer: row.try_get(0)?,
            state: row.try_get(1)?,
            currency,
            tax_included: row.try_get(3)?,
            version: row.try_get(4)?,
            expires_at: row.try_get(5)?,
            prices_expire_at: row.try_get(6)?,
            lines: lines.into_iter().map(line).collect::<Result<_, sqlx::Error>>()?,
            vouchers: row.try_get(7)?,
        })
    })
}
