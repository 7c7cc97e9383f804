//! Lines: what is in a cart, how many, at which listed price.

use sqlx::{PgConnection, PgPool};

use super::one_line::{self, Set};
use super::{CartRefusal, CartRequest};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{CartId, VariantId};
use crate::money::{Currency, Money, MoneyError};
use crate::value::{MAX_QUANTITY, Quantity};

/// A line as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLine {
    /// What.
    pub variant: VariantId,
    /// How many, in all.
    pub quantity: Quantity,
    /// What one costs at this quantity.
    pub unit_price: Money,
    /// The cart's version after the change.
    pub version: i64,
}

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum AddLineError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// The variant does not exist, is not sold any more, or has no price in the terms of the cart
    /// at this quantity.
    #[error("the variant is not for sale here")]
    NotForSale,
    /// More than a line may hold, together with what is in the cart.
    #[error("a line holds at most {MAX_QUANTITY} units")]
    TooMany,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(AddLineError {
    "cart_line_of_a_live_variant" => AddLineError::NotForSale,
});

/// Why a quantity was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetQuantityError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// The variant is not in the cart.
    #[error("the variant is not in the cart")]
    NotInCart,
    /// The variant has no price at this quantity.
    #[error("the variant is not for sale here")]
    NotForSale,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(SetQuantityError {
    "cart_line_of_a_live_variant" => SetQuantityError::NotForSale,
});

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveLineError {
    /// The cart.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// The variant is not in the cart.
    #[error("the variant is not in the cart")]
    NotInCart,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RemoveLineError {});

/// How a wanted quantity meets the one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// It is added.
    More,
    /// It replaces it.
    InAll,
}

/// What became of one wanted line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) variant: VariantId,
    /// The quantity in all, written or not.
    pub(crate) quantity: i64,
    /// None: not written, because it has no price or is too many.
    pub(crate) unit_price: Option<i64>,
}

impl Outcome {
    pub(crate) fn too_many(self) -> bool {
        self.quantity > i64::from(MAX_QUANTITY)
    }

    /// The price, as money.
    pub(crate) fn price(self, currency: Currency) -> Result<Option<Money>, sqlx::Error> {
        self.unit_price.map(|minor| stored(minor, currency)).transpose()
    }
}

/// Money that comes from the database, which only stores what is in range.
pub(crate) fn stored(minor: i64, currency: Currency) -> Result<Money, sqlx::Error> {
    Money::new(minor, currency).map_err(|error: MoneyError| sqlx::Error::Decode(error.into()))
}

/// A quantity that comes from the database.
pub(crate) fn units(quantity: i64) -> Result<Quantity, sqlx::Error> {
    Quantity::new(quantity).map_err(|error| sqlx::Error::Decode(error.into()))
}

// The price is that of the highest tier which the quantity reaches, in the terms of the cart.
const SET_LINES: &str = "
    WITH wanted AS (
        SELECT item.variant_id,
               item.quantity + CASE WHEN $5 THEN coalesce(line.quantity, 0) ELSE 0 END AS quantity
          FROM unnest($2::uuid[], $3::bigint[]) AS item (variant_id, quantity)
          LEFT JOIN cart_line AS line
            ON line.cart_id = $1 AND line.variant_id = item.variant_id
    ), priced AS (
        SELECT wanted.variant_id, wanted.quantity, cart.currency, cart.tax_included,
               price.id, price.amount, price.min_quantity
          FROM wanted
          JOIN cart ON cart.id = $1
          JOIN variant ON variant.id = wanted.variant_id AND variant.deleted_at IS NULL
          JOIN product ON product.id = variant.product_id AND product.status = 'active'
                      AND product.deleted_at IS NULL
         CROSS JOIN LATERAL (
               SELECT price.id, price.amount, price.min_quantity FROM price
                WHERE price.variant_id = variant.id AND price.currency = cart.currency
                  AND price.price_list = cart.price_list
                  AND price.tax_included = cart.tax_included
                  AND price.min_quantity <= wanted.quantity AND price.valid @> $4
                ORDER BY price.min_quantity DESC LIMIT 1) AS price
         WHERE wanted.quantity BETWEEN 1 AND $6
    ), written AS (
        INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, price_id, unit_price,
                               price_min_quantity, quantity, added_at)
        SELECT $1, variant_id, currency, tax_included, id, amount, min_quantity, quantity, $4
          FROM priced ORDER BY variant_id
            ON CONFLICT ON CONSTRAINT cart_line_identity DO UPDATE
           SET price_id = excluded.price_id, unit_price = excluded.unit_price,
               price_min_quantity = excluded.price_min_quantity, quantity = excluded.quantity
        RETURNING variant_id, unit_price
    )
    SELECT wanted.variant_id, wanted.quantity, written.unit_price::bigint
      FROM wanted LEFT JOIN written ON written.variant_id = wanted.variant_id
     ORDER BY wanted.variant_id";

/// Writes lines of a locked cart at the prices of now, as many as can be, in one round trip.
pub(crate) async fn set_lines(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
    lines: &[(VariantId, i64)],
    amount: Amount,
) -> Result<Vec<Outcome>, sqlx::Error> {
    let (variants, quantities): (Vec<VariantId>, Vec<i64>) = lines.iter().copied().unzip();
    let rows: Vec<(VariantId, i64, Option<i64>)> = sqlx::query_as(SET_LINES)
        .bind(cart)
        .bind(variants)
        .bind(quantities)
        .bind(context.now())
        .bind(amount == Amount::More)
        .bind(MAX_QUANTITY)
        .fetch_all(connection)
        .await?;
    let outcome = |(variant, quantity, unit_price)| Outcome { variant, quantity, unit_price };
    Ok(rows.into_iter().map(outcome).collect())
}

/// Puts more of a variant into a cart, at the price of the quantity it comes to.
///
/// # Errors
/// See [`AddLineError`].
pub async fn add_line(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
    variant: VariantId,
    quantity: Quantity,
) -> Result<SetLine, AddLineError> {
    let set: Set =
        one_line::set::<AddLineError>(pool, context, request, (variant, quantity), Amount::More)
            .await?;
    if set.line.too_many() {
        return Err(AddLineError::TooMany);
    }
    set.written()?.ok_or(AddLineError::NotForSale)
}

/// Sets how many of a variant are in a cart; the price follows the quantity.
///
/// # Errors
/// See [`SetQuantityError`].
pub async fn set_quantity(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
    variant: VariantId,
    quantity: Quantity,
) -> Result<SetLine, SetQuantityError> {
    let line = (variant, quantity);
    let set: Set =
        one_line::set::<SetQuantityError>(pool, context, request, line, Amount::InAll).await?;
    if !set.was_there {
        return Err(SetQuantityError::NotInCart);
    }
    set.written()?.ok_or(SetQuantityError::NotForSale)
}

/// Takes a variant out of a cart; gives the cart's version.
///
/// # Errors
/// See [`RemoveLineError`].
pub async fn remove_line(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
    variant: VariantId,
) -> Result<i64, RemoveLineError> {
    one_line::remove::<RemoveLineError>(pool, context, request, variant)
        .await?
        .ok_or(RemoveLineError::NotInCart)
}
