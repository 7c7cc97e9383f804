//! Tax rules: which rate a class has where and when.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::TaxRuleId;
use crate::money::TaxRate;
use crate::value::{Country, Slug};

/// A rate from a time on.
#[derive(Debug, Clone)]
pub struct SetTaxRule {
    /// Of which class.
    pub tax_class: Slug,
    /// Where.
    pub country: Country,
    /// In which subdivision, after ISO 3166-2 without the country; none for the whole country.
    pub region: Option<Slug>,
    /// How much.
    pub rate: TaxRate,
    /// From when on.
    pub from: DateTime<Utc>,
}

/// Why a tax rule was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetTaxRuleError {
    /// No class has this code.
    #[error("there is no such tax class")]
    UnknownTaxClass,
    /// Another rule begins then, or later.
    #[error("another rule holds at that time")]
    Overlaps,
    /// Longer than ten characters.
    #[error("a region has at most ten characters")]
    RegionTooLong,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(SetTaxRuleError {
    "tax_rule_for_a_class" => SetTaxRuleError::UnknownTaxClass,
    "tax_rule_never_overlaps" => SetTaxRuleError::Overlaps,
});

/// Ends the rule that is running at `from` and begins the next, which holds until another is set.
///
/// # Errors
/// There is no such class, or a rule begins then already or later.
pub async fn set_tax_rule(
    pool: &PgPool,
    context: &Context,
    request: SetTaxRule,
) -> Result<TaxRuleId, SetTaxRuleError> {
    let rule: TaxRuleId = context.id();
    let region = request.region.as_ref().map_or("", Slug::as_str).to_uppercase();
    if region.len() > 10 {
        return Err(SetTaxRuleError::RegionTooLong);
    }
    crate::transact!(pool, SetTaxRuleError, |connection| {
        sqlx::query(
            "UPDATE tax_rule SET valid = tstzrange(lower(valid), $4)
              WHERE tax_class = $1 AND country = $2 AND region = $3
                AND valid @> $4 AND lower(valid) < $4 AND upper_inf(valid)",
        )
        .bind(&request.tax_class)
        .bind(request.country)
        .bind(&region)
        .bind(request.from)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "INSERT INTO tax_rule (id, tax_class, country, region, rate, valid)
             VALUES ($1, $2, $3, $4, $5::bigint / 1000000.0, tstzrange($6, NULL))",
        )
        .bind(rule)
        .bind(&request.tax_class)
        .bind(request.country)
        .bind(&region)
        .bind(request.rate.millionths())
        .bind(request.from)
        .execute(&mut *connection)
        .await?;
        Ok(rule)
    })
}
