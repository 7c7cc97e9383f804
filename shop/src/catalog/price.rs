//! Prices: setting them, and finding the one that holds.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row};

use super::events::variant::VariantPriceSet;
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{PriceId, VariantId};
use crate::money::{Currency, Money};
use crate::value::{Label, Quantity, Slug};

/// A list to be made.
#[derive(Debug, Clone)]
pub struct CreatePriceList {
    /// Its code.
    pub code: Slug,
    /// Its name.
    pub name: Label,
}

/// Why a list was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreatePriceListError {
    /// There is one with this code.
    #[error("another price list has this code")]
    CodeTaken,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreatePriceListError {
    "price_list_identity" => CreatePriceListError::CodeTaken,
});

/// Makes a price list, for one kind of customer or channel.
///
/// # Errors
/// The code is taken.
pub async fn create_price_list(
    pool: &PgPool,
    request: CreatePriceList,
) -> Result<(), CreatePriceListError> {
    sqlx::query("INSERT INTO price_list (code, name) VALUES ($1, $2)")
        .bind(&request.code)
        .bind(&request.name)
        .execute(pool)
        .await?;
    Ok(())
}

/// What one unit costs from a quantity on, in one currency and list, during a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Which.
    pub id: PriceId,
    /// Of which variant.
    pub variant: VariantId,
    /// On which list.
    pub price_list: Slug,
    /// From which quantity on.
    pub min_quantity: Quantity,
    /// What one unit costs.
    pub amount: Money,
    /// Whether the amount contains the tax.
    pub tax_included: bool,
}

/// A price from a time on.
#[derive(Debug, Clone)]
pub struct SetPrice {
    /// Of which variant.
    pub variant: VariantId,
    /// On which list.
    pub price_list: Slug,
    /// From which quantity on.
    pub min_quantity: Quantity,
    /// What one unit costs.
    pub amount: Money,
    /// Whether the amount contains the tax.
    pub tax_included: bool,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when. None: until the next price that is planned, or for ever.
    pub until: Option<DateTime<Utc>>,
}

/// Why a price was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetPriceError {
    /// The variant does not exist, or is deleted.
    #[error("there is no such variant")]
    VariantNotFound,
    /// The list does not exist.
    #[error("there is no such price list")]
    UnknownPriceList,
    /// The database does not know the currency.
    #[error("there is no such currency")]
    UnknownCurrency,
    /// Negative, or more than the database stores for one unit.
    #[error("the amount of a price is from 0 to 999999999999 minor units")]
    AmountOutOfRange,
    /// It would end before it begins.
    #[error("a price holds at some time")]
    NeverValid,
    /// Another price begins at the same time, or before this one ends.
    #[error("another price holds at that time")]
    Overlaps,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(SetPriceError {
    "price_of_a_variant" => SetPriceError::VariantNotFound,
    "price_on_a_list" => SetPriceError::UnknownPriceList,
    "price_in_a_currency" => SetPriceError::UnknownCurrency,
    "unit_amount_in_range" => SetPriceError::AmountOutOfRange,
    "price_valid_at_some_time" => SetPriceError::NeverValid,
    "price_never_overlaps" => SetPriceError::Overlaps,
});

/// Ends the price that is running at `from` and begins the next.
///
/// Prices of one variant are set one after another: the variant's row is locked first.
///
/// # Errors
/// The variant or list does not exist, the amount is out of range, or another price begins then.
pub async fn set_price(
    pool: &PgPool,
    context: &Context,
    request: SetPrice,
) -> Result<PriceId, SetPriceError> {
    if request.until.is_some_and(|until| until <= request.from) {
        return Err(SetPriceError::NeverValid);
    }
    crate::transact!(pool, SetPriceError, |connection| {
        super::variant::lock(connection, request.variant)
            .await?
            .ok_or(SetPriceError::VariantNotFound)?;
        write(connection, context, &request).await
    })
}

async fn write(
    connection: &mut PgConnection,
    context: &Context,
    request: &SetPrice,
) -> Result<PriceId, SetPriceError> {
    sqlx::query(
        "UPDATE price SET valid = tstzrange(lower(valid), $5)
          WHERE variant_id = $1 AND currency = $2 AND price_list = $3 AND min_quantity = $4
            AND valid @> $5 AND lower(valid) < $5",
    )
    .bind(request.variant)
    .bind(request.amount.currency())
    .bind(&request.price_list)
    .bind(request.min_quantity)
    .bind(request.from)
    .execute(&mut *connection)
    .await?;
    let price: PriceId = context.id();
    let until: Option<DateTime<Utc>> = sqlx::query_scalar(
        "INSERT INTO price (id, variant_id, currency, price_list, min_quantity, amount,
                            tax_included, valid, created_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, tstzrange($8, coalesce($9, min(lower(valid)))), $10
           FROM price
          WHERE variant_id = $2 AND currency = $3 AND price_list = $4 AND min_quantity = $5
            AND lower(valid) > $8
         RETURNING upper(valid)",
    )
    .bind(price)
    .bind(request.variant)
    .bind(request.amount.currency())
    .bind(&request.price_list)
    .bind(request.min_quantity)
    .bind(request.amount.minor())
    .bind(request.tax_included)
    .bind(request.from)
    .bind(request.until)
    .bind(context.now())
    .fetch_one(&mut *connection)
    .await?;
    let event = VariantPriceSet {
        variant: request.variant,
        price,
        price_list: request.price_list.clone(),
        min_quantity: request.min_quantity,
        amount: request.amount,
        tax_included: request.tax_included,
        from: request.from,
        until,
    };
    event::append(connection, context, request.variant, &event).await?;
    Ok(price)
}

/// Which price is asked for.
#[derive(Debug, Clone)]
pub struct PriceQuery {
    /// Of which variant.
    pub variant: VariantId,
    /// In which currency.
    pub currency: Currency,
    /// On which list; a variant that is not on it has the price of the list `default`.
    pub price_list: Slug,
    /// With or without tax.
    pub tax_included: bool,
    /// For how many units.
    pub quantity: Quantity,
    /// When.
    pub at: DateTime<Utc>,
}

/// The price that holds: of the list that is asked for before that of everyone, and with the
/// greatest smallest quantity that is reached. None: there is no price, or no such variant.
///
/// # Errors
/// The database failed.
pub async fn find_price(
    connection: &mut PgConnection,
    query: &PriceQuery,
) -> Result<Option<Price>, DatabaseError> {
    let row = sqlx::query(
        "SELECT price.id, price_list::text, min_quantity::int, amount::bigint
           FROM price JOIN variant ON variant.id = variant_id AND variant.live
          WHERE variant_id = $1 AND currency = $2 AND price_list IN ($3, 'default')
            AND tax_included = $4 AND min_quantity <= $5 AND valid @> $6
          ORDER BY price_list = $3 DESC, min_quantity DESC
          LIMIT 1",
    )
    .bind(query.variant)
    .bind(query.currency)
    .bind(&query.price_list)
    .bind(query.tax_included)
    .bind(query.quantity)
    .bind(query.at)
    .fetch_optional(connection)
    .await?;
    let price = row.map(|row| {
        let amount = Money::new(row.try_get(3)?, query.currency)
            .map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok::<_, sqlx::Error>(Price {
            id: row.try_get(0)?,
            variant: query.variant,
            price_list: row.try_get(1)?,
            min_quantity: row.try_get(2)?,
            amount,
            tax_included: query.tax_included,
        })
    });
    Ok(price.transpose()?)
}
