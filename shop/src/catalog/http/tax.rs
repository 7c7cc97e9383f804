//! `/v1/tax-rules`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::catalog::{SetTaxRule, SetTaxRuleError, TaxRate, set_tax_rule};
use crate::http::{AppState, Body, Caller, Code, Problem, problems};
use crate::id::TaxRuleId;
use crate::value::{Country, Slug};

problems!(SetTaxRuleError {
    E::UnknownTaxClass => TaxClassUnknown,
    E::Overlaps => TaxRuleOverlaps,
    E::RegionTooLong => RegionTooLong,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(set))
}

/// A tax rule to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTaxRule {
    tax_class: Slug,
    country: Country,
    region: Option<Slug>,
    /// In millionths: 190000 is 19 %.
    #[schema(minimum = 0, maximum = 999_999_999)]
    rate_millionths: i64,
    /// From when on; now when absent.
    from: Option<DateTime<Utc>>,
}

/// A tax rule that was set.
#[derive(Debug, Serialize, ToSchema)]
struct MadeTaxRule {
    id: TaxRuleId,
}

/// Sets how a class is taxed in a country; the rule that is running ends when it begins.
#[utoipa::path(post, path = "/v1/tax-rules", tag = "catalog", request_body = NewTaxRule,
    security(("api_key" = ["catalog.write"])),
    responses((status = 201, body = MadeTaxRule)))]
async fn set(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewTaxRule>,
) -> Result<(StatusCode, Json<MadeTaxRule>), Problem> {
    let context = caller.context(&state);
    let rate = TaxRate::from_millionths(new.rate_millionths)
        .map_err(|error| Problem::new(Code::TaxRateOutOfRange).saying(error))?;
    let request = SetTaxRule {
        tax_class: new.tax_class,
        country: new.country,
        region: new.region,
        rate,
        from: new.from.unwrap_or_else(|| context.now()),
    };
    let id = set_tax_rule(&state.pool, &context, request).await?;
    Ok((StatusCode::CREATED, Json(MadeTaxRule { id })))
}
