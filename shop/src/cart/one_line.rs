//! A change of one line, in one statement: the cart is locked, whoever asks is admitted, the line
//! is priced and written, the cart moves on, and the event tells of it.
//!
//! **Invariant**: nothing is written on the strength of what was seen before the lock. A
//! statement sees what was committed when it began, and the lock may have been waited for. Every
//! change of a line writes the row of its cart, so the row that was locked must be the one that
//! was seen; where it is not, nothing is written, and a transaction locks the cart first and does
//! it then.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row as _};

use super::access::{LIFE_DAYS, admit, lock, locked_columns};
use super::events::{CartLineRemoved, CartLineSet};
use super::line::{Amount, Outcome, SetLine, units};
use super::{CartRefusal, CartRequest, CartState, PRICE_LIFE};
use crate::context::Context;
use crate::database::OperationError;
use crate::event::{Event as _, payload};
use crate::id::{EventId, VariantId};
use crate::money::{Currency, Money};
use crate::value::{MAX_QUANTITY, Quantity};

/// What became of one wanted line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    pub(super) line: Outcome,
    /// Whether the cart had one of the variant before.
    pub(super) was_there: bool,
    currency: Currency,
    /// The cart's version, where something was written.
    version: Option<i64>,
}

impl Set {
    /// The line as it was written; none when it was not.
    pub(super) fn written(self) -> Result<Option<SetLine>, sqlx::Error> {
        let Some((version, price)) = self.version.zip(self.line.price(self.currency)?) else {
            return Ok(None);
        };
        let (variant, quantity) = (self.line.variant, units(self.line.quantity)?);
        Ok(Some(SetLine { variant, quantity, unit_price: price, version }))
    }
}

/// What an operation on a line can be refused for.
pub(super) trait LineError: OperationError + From<CartRefusal> + From<sqlx::Error> {}
impl<E: OperationError + From<CartRefusal> + From<sqlx::Error>> LineError for E {}

/// Writes a line at the price of now; one that is there already when the amount is in all.
pub(super) async fn set<E: LineError>(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
    line: (VariantId, Quantity),
    amount: Amount,
) -> Result<Set, E> {
    let done: Option<Set> = crate::alone!(pool, E, |connection| {
        try_set::<E>(connection, context, request, line, amount).await
    })?;
    if let Some(set) = done {
        return Ok(set);
    }
    crate::transact!(pool, E, |connection| {
        lock::<E>(connection, context, request, &[CartState::Active]).await?;
        let set = try_set::<E>(connection, context, request, line, amount).await?;
        Ok(set.ok_or(sqlx::Error::RowNotFound)?)
    })
}

/// Takes a line out and gives the cart's version; none when there is no such line.
pub(super) async fn remove<E: LineError>(
    pool: &PgPool,
    context: &Context,
    request: &CartRequest,
    variant: VariantId,
) -> Result<Option<i64>, E> {
    let done: Option<Option<i64>> = crate::alone!(pool, E, |connection| {
        try_remove::<E>(connection, context, request, variant).await
    })?;
    if let Some(version) = done {
        return Ok(version);
    }
    crate::transact!(pool, E, |connection| {
        lock::<E>(connection, context, request, &[CartState::Active]).await?;
        let removed = try_remove::<E>(connection, context, request, variant).await?;
        Ok(removed.ok_or(sqlx::Error::RowNotFound)?)
    })
}

/// None when the cart was changed while the statement waited for its lock.
async fn try_set<E: LineError>(
    connection: &mut PgConnection,
    context: &Context,
    request: &CartRequest,
    (variant, quantity): (VariantId, Quantity),
    amount: Amount,
) -> Result<Option<Set>, E> {
    let cart = request.cart;
    // The statement fills in the quantity and the price that it comes to.
    let unit_price = Money::zero(Currency::EUR);
    let told = CartLineSet { cart, variant, quantity, unit_price };
    let until: DateTime<Utc> = context.now() + PRICE_LIFE;
    let row = request
        .bind(sqlx::query(SET), context)
        .bind(request.version)
        .bind(variant)
        .bind(LIFE_DAYS.0)
        .bind(LIFE_DAYS.1)
        .bind(context.id::<EventId>())
        .bind(CartLineSet::TYPE)
        .bind(CartLineSet::VERSION)
        .bind(payload(&told)?)
        .bind(i64::from(quantity.get()))
        .bind(amount == Amount::More)
        .bind(MAX_QUANTITY)
        .bind(until)
        .fetch_optional(connection)
        .await?;
    let currency = admit::<E>(row.as_ref(), context, request, &[CartState::Active])?.currency;
    let Some(row) = row.filter(|row| row.try_get(7).unwrap_or(false)) else { return Ok(None) };
    let line = Outcome { variant, quantity: row.try_get(9)?, unit_price: row.try_get(11)? };
    Ok(Some(Set { line, was_there: row.try_get(10)?, currency, version: row.try_get(8)? }))
}

async fn try_remove<E: LineError>(
    connection: &mut PgConnection,
    context: &Context,
    request: &CartRequest,
    variant: VariantId,
) -> Result<Option<Option<i64>>, E> {
    let told = CartLineRemoved { cart: request.cart, variant };
    let row = request
        .bind(sqlx::query(REMOVE), context)
        .bind(request.version)
        .bind(variant)
        .bind(LIFE_DAYS.0)
        .bind(LIFE_DAYS.1)
        .bind(context.id::<EventId>())
        .bind(CartLineRemoved::TYPE)
        .bind(CartLineRemoved::VERSION)
        .bind(payload(&told)?)
        .fetch_optional(connection)
        .await?;
    admit::<E>(row.as_ref(), context, request, &[CartState::Active])?;
    let Some(row) = row.filter(|row| row.try_get(7).unwrap_or(false)) else { return Ok(None) };
    Ok(Some(row.try_get(8)?))
}

// The cart, locked, and as `subject` where it may be worked on and is as it was seen. What is
// refused here is refused by `admit`, which knows why.
macro_rules! subject {
    () => {
        concat!(
            "WITH held AS MATERIALIZED (
                SELECT id, ctid AS place, ",
            locked_columns!(),
            " FROM cart WHERE id = $1 FOR NO KEY UPDATE
            ), subject AS MATERIALIZED (
                SELECT cart.id, cart.currency, cart.tax_included, cart.price_list
                  FROM held JOIN cart ON cart.id = held.id AND cart.ctid = held.place
                 WHERE held.theirs AND held.state = 'active' AND held.expires_at > $4
                   AND ($5::bigint IS NULL OR held.version = $5)
            ), "
        )
    };
}

// The price is that of the highest tier which the quantity reaches, in the terms of the cart.
const SET: &str = concat!(
    subject!(),
    "wanted AS MATERIALIZED (
        SELECT subject.*, line.quantity IS NOT NULL AS was_there,
               $13::bigint + CASE WHEN $14 THEN coalesce(line.quantity, 0) ELSE 0 END AS quantity
          FROM subject
          LEFT JOIN cart_line AS line ON line.cart_id = subject.id AND line.variant_id = $6
    ), written AS (
        INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, price_id, unit_price,
                               price_min_quantity, quantity, added_at)
        SELECT wanted.id, variant.id, wanted.currency, wanted.tax_included, price.id,
               price.amount, price.min_quantity, wanted.quantity, $4
          FROM wanted
          JOIN variant ON variant.id = $6 AND variant.deleted_at IS NULL
          JOIN product ON product.id = variant.product_id AND product.status = 'active'
                      AND product.deleted_at IS NULL
         CROSS JOIN LATERAL (
               SELECT price.id, price.amount, price.min_quantity FROM price
                WHERE price.variant_id = variant.id AND price.currency = wanted.currency
                  AND price.price_list = wanted.price_list
                  AND price.tax_included = wanted.tax_included
                  AND price.min_quantity <= wanted.quantity AND price.valid @> $4
                ORDER BY price.min_quantity DESC LIMIT 1) AS price
         WHERE wanted.quantity BETWEEN 1 AND $15 AND ($14 OR wanted.was_there)
            ON CONFLICT ON CONSTRAINT cart_line_identity DO UPDATE
           SET price_id = excluded.price_id, unit_price = excluded.unit_price,
               price_min_quantity = excluded.price_min_quantity, quantity = excluded.quantity
        RETURNING unit_price::bigint, quantity::bigint
    ), told AS (
        UPDATE cart SET version = version + 1, event_seq = event_seq + 1,
               expires_at = greatest(expires_at,
                   $4 + CASE WHEN customer_id IS NULL THEN $7 ELSE $8 END * interval '1 day'),
               priced_at = coalesce(priced_at, $4),
               prices_expire_at = coalesce(prices_expire_at, $16)
          FROM written WHERE id = $1
        RETURNING id, event_seq, version, currency::text, unit_price, quantity
    ), noted AS (
        INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload,
                            occurred_at)
        SELECT $9, 'cart', id, event_seq, $10, $11, $12::jsonb || jsonb_build_object(
                   'quantity', quantity,
                   'unit_price', jsonb_build_object('minor', unit_price, 'currency', currency)),
               $4
          FROM told
    )
    SELECT held.customer_id, held.currency, held.state, held.version, held.prices_expire_at,
           held.expires_at, held.theirs, cart.ctid = held.place, told.version, wanted.quantity,
           wanted.was_there, told.unit_price
      FROM held JOIN cart ON cart.id = held.id
      LEFT JOIN wanted ON true LEFT JOIN told ON true"
);

const REMOVE: &str = concat!(
    subject!(),
    "gone AS (
        DELETE FROM cart_line USING subject
         WHERE cart_id = subject.id AND variant_id = $6 RETURNING cart_id
    ), told AS (
        UPDATE cart SET version = version + 1, event_seq = event_seq + 1,
               expires_at = greatest(expires_at,
                   $4 + CASE WHEN customer_id IS NULL THEN $7 ELSE $8 END * interval '1 day')
          FROM gone WHERE id = $1 RETURNING id, event_seq, version
    ), noted AS (
        INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload,
                            occurred_at)
        SELECT $9, 'cart', id, event_seq, $10, $11, $12, $4 FROM told
    )
    SELECT held.customer_id, held.currency, held.state, held.version, held.prices_expire_at,
           held.expires_at, held.theirs, cart.ctid = held.place, told.version
      FROM held JOIN cart ON cart.id = held.id LEFT JOIN told ON true"
);
