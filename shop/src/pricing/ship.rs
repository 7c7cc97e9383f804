//! Ways of sending, and what they cost where.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::ShippingRateId;
use crate::money::Money;
use crate::value::{Country, Label, Slug};

/// Why a way of sending was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddShippingMethodError {
    /// There is one of this code.
    #[error("another way of sending has this code")]
    CodeTaken,
    /// No such tax class.
    #[error("there is no such tax class")]
    UnknownTaxClass,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(AddShippingMethodError {
    "shipping_method_identity" => AddShippingMethodError::CodeTaken,
    "shipping_method_taxed_by_a_class" => AddShippingMethodError::UnknownTaxClass,
});

/// Adds a way of sending. It is offered where it has rates.
///
/// # Errors
/// [`AddShippingMethodError`].
pub async fn add_shipping_method(
    pool: &PgPool,
    code: &Slug,
    name: &Label,
    tax_class: &Slug,
) -> Result<(), AddShippingMethodError> {
    sqlx::query("INSERT INTO shipping_method (code, name, tax_class) VALUES ($1, $2, $3)")
        .bind(code)
        .bind(name)
        .bind(tax_class)
        .execute(pool)
        .await?;
    Ok(())
}

/// Why a way of sending was not taken from the offer.
#[derive(Debug, thiserror::Error)]
pub enum RetireShippingMethodError {
    /// There is none, or it is not offered any more.
    #[error("there is no such way of sending")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RetireShippingMethodError {});

/// Offers a way of sending no more. Orders that go this way keep it.
///
/// # Errors
/// [`RetireShippingMethodError`].
pub async fn retire_shipping_method(
    pool: &PgPool,
    code: &Slug,
) -> Result<(), RetireShippingMethodError> {
    let retired =
        sqlx::query("UPDATE shipping_method SET active = false WHERE code = $1 AND active")
            .bind(code)
            .execute(pool)
            .await?
            .rows_affected();
    if retired == 0 { Err(RetireShippingMethodError::NotFound) } else { Ok(()) }
}

/// What a way of sending shall cost for a range of subtotals.
#[derive(Debug, Clone)]
pub struct SetShippingRate {
    /// Which way.
    pub method: Slug,
    /// To where.
    pub country: Country,
    /// The least subtotal, after discounts, in minor units of the amount's currency.
    pub subtotal_from: i64,
    /// The subtotal that is too large already; none for no bound.
    pub subtotal_below: Option<i64>,
    /// What it costs.
    pub amount: Money,
    /// Whether the amount includes tax.
    pub tax_included: bool,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when; none for ever.
    pub until: Option<DateTime<Utc>>,
}

/// Why a rate was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetShippingRateError {
    /// There is no such way of sending.
    #[error("there is no such way of sending")]
    UnknownMethod,
    /// Another rate holds for a part of the range at that time.
    #[error("another rate holds for such carts at that time")]
    Overlaps,
    /// The range of subtotals holds none.
    #[error("a rate is for some subtotal from nothing on")]
    NoSubtotal,
    /// It would end before it begins.
    #[error("a rate is valid at some time")]
    NeverValid,
    /// Below nothing.
    #[error("what sending costs is not negative")]
    AmountNegative,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(SetShippingRateError {
    "shipping_rate_for_a_method" => SetShippingRateError::UnknownMethod,
    "shipping_rate_never_overlaps" => SetShippingRateError::Overlaps,
    "shipping_rate_for_some_subtotal" => SetShippingRateError::NoSubtotal,
    "shipping_rate_valid_at_some_time" => SetShippingRateError::NeverValid,
    "minor_amount_in_range" => SetShippingRateError::AmountNegative,
});

/// Ends the rate that holds for the same range of subtotals at `from`, and begins the next.
///
/// # Errors
/// [`SetShippingRateError`].
pub async fn set_shipping_rate(
    pool: &PgPool,
    context: &Context,
    request: SetShippingRate,
) -> Result<ShippingRateId, SetShippingRateError> {
    if request.until.is_some_and(|until| until <= request.from) {
        return Err(SetShippingRateError::NeverValid);
    }
    let range = request.subtotal_from..request.subtotal_below.unwrap_or(i64::MAX);
    if request.subtotal_from < 0 || range.is_empty() {
        return Err(SetShippingRateError::NoSubtotal);
    }
    let rate: ShippingRateId = context.id();
    crate::transact!(pool, SetShippingRateError, |connection| {
        sqlx::query(
            "UPDATE shipping_rate SET valid = tstzrange(lower(valid), $6)
              WHERE method = $1 AND country = $2 AND currency = $3
                AND subtotal = int8range($4, $5) AND valid @> $6 AND lower(valid) < $6",
        )
        .bind(&request.method)
        .bind(request.country)
        .bind(request.amount.currency())
        .bind(request.subtotal_from)
        .bind(request.subtotal_below)
        .bind(request.from)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "INSERT INTO shipping_rate (id, method, country, currency, subtotal, amount,
                                        tax_included, valid)
             VALUES ($1, $2, $3, $4, int8range($5, $6), $7, $8, tstzrange($9, $10))",
        )
        .bind(rate)
        .bind(&request.method)
        .bind(request.country)
        .bind(request.amount.currency())
        .bind(request.subtotal_from)
        .bind(request.subtotal_below)
        .bind(request.amount.minor())
        .bind(request.tax_included)
        .bind(request.from)
        .bind(request.until)
        .execute(&mut *connection)
        .await?;
        Ok(rate)
    })
}

/// Why a rate was not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndShippingRateError {
    /// There is none, or it has ended.
    #[error("there is no such rate")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(EndShippingRateError {});

/// Ends a rate now. One that has not begun yet is removed.
///
/// # Errors
/// [`EndShippingRateError`].
pub async fn end_shipping_rate(
    pool: &PgPool,
    context: &Context,
    rate: ShippingRateId,
) -> Result<(), EndShippingRateError> {
    let ended: i64 = sqlx::query_scalar(
        "WITH ended AS (
             UPDATE shipping_rate SET valid = tstzrange(lower(valid), $2)
              WHERE id = $1 AND lower(valid) < $2 AND valid @> $2 RETURNING id
         ), removed AS (
             DELETE FROM shipping_rate WHERE id = $1 AND lower(valid) >= $2 RETURNING id
         ) SELECT (SELECT count(*) FROM ended) + (SELECT count(*) FROM removed)",
    )
    .bind(rate)
    .bind(context.now())
    .fetch_one(pool)
    .await?;
    if ended == 0 { Err(EndShippingRateError::NotFound) } else { Ok(()) }
}
