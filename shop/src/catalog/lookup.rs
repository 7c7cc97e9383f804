//! What customers see: variants, and what is on sale.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row};

use super::{Sku, Variant};
use crate::database::DatabaseError;
use crate::id::{PriceId, ProductId, VariantId};
use crate::money::{Currency, Money};
use crate::value::{Label, Slug};

/// A living variant. None: there is no such variant.
///
/// # Errors
/// The database failed.
pub async fn find_variant(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<Option<Variant>, DatabaseError> {
    let found = sqlx::query_as(
        "SELECT id, product_id, sku, title::text, track_inventory, weight_g, version
           FROM variant WHERE id = $1 AND live",
    )
    .bind(variant)
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

/// The living variant with a code, in capitals or not. None: there is no such variant.
///
/// # Errors
/// The database failed.
pub async fn find_variant_by_sku(
    connection: &mut PgConnection,
    sku: &Sku,
) -> Result<Option<Variant>, DatabaseError> {
    let found = sqlx::query_as(
        "SELECT id, product_id, sku, title::text, track_inventory, weight_g, version
           FROM variant WHERE lower(sku) = lower($1) AND deleted_at IS NULL",
    )
    .bind(sku)
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

/// What shall be listed.
#[derive(Debug, Clone)]
pub struct ListingQuery {
    /// In which currency.
    pub currency: Currency,
    /// At the prices of which list, or else of everyone.
    pub price_list: Slug,
    /// At prices with or without tax.
    pub tax_included: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// After which variant: the last of the page before.
    pub after: Option<VariantId>,
    /// How many at most.
    pub limit: u16,
}

/// A variant on sale with the price of one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Which variant.
    pub variant: VariantId,
    /// Of which product.
    pub product: ProductId,
    /// The product's name.
    pub product_title: Label,
    /// The variant's name.
    pub title: Label,
    /// Its code.
    pub sku: Sku,
    /// Its price.
    pub price: PriceId,
    /// What one unit costs.
    pub amount: Money,
    /// How many can be promised now, over all locations; none where units are not counted.
    pub available: Option<i64>,
}

/// The variants of active products that have a price, a page at a time, oldest first.
///
/// # Errors
/// The database failed.
pub async fn browse(
    connection: &mut PgConnection,
    query: &ListingQuery,
) -> Result<Vec<Listing>, DatabaseError> {
    let rows = sqlx::query(
        "SELECT variant.id, product.id, product.title::text, variant.title::text, variant.sku,
                price.id, price.amount::bigint,
                CASE WHEN variant.track_inventory THEN coalesce(stock.free, 0) END
           FROM variant
           JOIN product ON product.id = variant.product_id AND product.status = 'active'
          CROSS JOIN LATERAL (
                SELECT id, amount FROM price
                 WHERE variant_id = variant.id AND currency = $1
                   AND price_list IN ($2, 'default') AND tax_included = $3
                   AND min_quantity = 1 AND valid @> $4
                 ORDER BY price_list = $2 DESC LIMIT 1) AS price
           LEFT JOIN LATERAL (
                SELECT sum(on_hand + backorder_limit - reserved - allocated) AS free
                  FROM stock_level WHERE variant_id = variant.id) AS stock ON true
          WHERE variant.live AND ($5::uuid IS NULL OR variant.id > $5)
          ORDER BY variant.id LIMIT $6",
    )
    .bind(query.currency)
    .bind(&query.price_list)
    .bind(query.tax_included)
    .bind(query.at)
    .bind(query.after)
    .bind(i64::from(query.limit))
    .fetch_all(connection)
    .await?;
    let listing = |row: sqlx::postgres::PgRow| {
        let amount = Money::new(row.try_get(6)?, query.currency)
            .map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok::<_, sqlx::Error>(Listing {
            variant: row.try_get(0)?,
            product: row.try_get(1)?,
            product_title: row.try_get(2)?,
            title: row.try_get(3)?,
            sku: row.try_get(4)?,
            price: row.try_get(5)?,
            amount,
            available: row.try_get(7)?,
        })
    };
    Ok(rows.into_iter().map(listing).collect::<Result<_, _>>()?)
}
