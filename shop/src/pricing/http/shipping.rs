//! `/v1/shipping-methods` and `/v1/shipping-rates`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::{AppState, Body, Caller, Problem, problems};
use crate::id::ShippingRateId;
use crate::money::Money;
use crate::pricing::{
    AddShippingMethodError, SetShippingRate, SetShippingRateError, add_shipping_method,
    set_shipping_rate,
};
use crate::value::{Country, Label, Slug};

problems!(AddShippingMethodError {
    E::CodeTaken => CodeTaken,
    E::UnknownTaxClass => TaxClassUnknown,
});
problems!(SetShippingRateError {
    E::UnknownMethod => ShippingUnavailable,
    E::Overlaps => ShippingRateOverlaps,
    E::NoSubtotal => NeverValid,
    E::NeverValid => NeverValid,
    E::AmountNegative => AmountNotPositive,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(add_method)).routes(routes!(set_rate))
}

/// A way of sending.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShippingMethod {
    code: Slug,
    name: Label,
    tax_class: Slug,
}

/// Adds a way of sending.
#[utoipa::path(post, path = "/v1/shipping-methods", tag = "vouchers",
    request_body = ShippingMethod, security(("api_key" = ["vouchers.write"])),
    responses((status = 201, body = ShippingMethod)))]
async fn add_method(
    State(state): State<AppState>,
    Body(method): Body<ShippingMethod>,
) -> Result<(StatusCode, Json<ShippingMethod>), Problem> {
    let ShippingMethod { code, name, tax_class } = &method;
    add_shipping_method(&state.pool, code, name, tax_class).await?;
    Ok((StatusCode::CREATED, Json(method)))
}

/// What sending costs to a country.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRate {
    method: Slug,
    country: Country,
    amount: Money,
    tax_included: bool,
    /// From which subtotal on, in minor units.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 999_999_999_999_999_i64)]
    subtotal_from: i64,
    /// Below which subtotal; none for any above.
    #[schema(minimum = 0, maximum = 999_999_999_999_999_i64)]
    subtotal_below: Option<i64>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// What was set.
#[derive(Debug, Serialize, ToSchema)]
struct MadeRate {
    id: ShippingRateId,
}

/// Sets what sending costs to a country, for subtotals of a range.
#[utoipa::path(post, path = "/v1/shipping-rates", tag = "vouchers", request_body = NewRate,
    security(("api_key" = ["vouchers.write"])),
    responses((status = 201, body = MadeRate)))]
async fn set_rate(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewRate>,
) -> Result<(StatusCode, Json<MadeRate>), Problem> {
    let context = caller.context(&state);
    let request = SetShippingRate {
        method: new.method,
        country: new.country,
        subtotal_from: new.subtotal_from,
        subtotal_below: new.subtotal_below,
        amount: new.amount,
        tax_included: new.tax_included,
        from: new.from.unwrap_or_else(|| context.now()),
        until: new.until,
    };
    let id = set_shipping_rate(&state.pool, &context, request).await?;
    Ok((StatusCode::CREATED, Json(MadeRate { id })))
}
