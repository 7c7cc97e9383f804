//! `/v1/prices` and `/v1/price-lists`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::catalog::{
    CreatePriceList, CreatePriceListError, SetPrice, SetPriceError, create_price_list, set_price,
};
use crate::http::{
    AppState, Body, Caller, Limit, Page, PageQuery, Problem, Search, problems, stored_money,
};
use crate::id::{PriceId, VariantId};
use crate::money::{Currency, Money};
use crate::value::{Label, Quantity, Slug};

problems!(SetPriceError {
    E::VariantNotFound => VariantUnknown,
    E::UnknownPriceList => PriceListUnknown,
    E::UnknownCurrency => CurrencyUnknown,
    E::AmountOutOfRange => AmountOutOfRange,
    E::NeverValid => NeverValid,
    E::Overlaps => PriceOverlaps,
});
problems!(CreatePriceListError { E::CodeTaken => CodeTaken });

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, set)).routes(routes!(make_list))
}

/// A price to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPrice {
    variant: VariantId,
    price_list: Slug,
    /// From how many units on.
    min_quantity: Option<Quantity>,
    amount: Money,
    tax_included: bool,
    /// From when on; now when absent.
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// A price that was set.
#[derive(Debug, Serialize, ToSchema)]
struct MadePrice {
    id: PriceId,
}

/// Sets a price; the one that is running ends when it begins.
#[utoipa::path(post, path = "/v1/prices", tag = "catalog", request_body = NewPrice,
    security(("api_key" = ["catalog.write"])),
    responses((status = 201, body = MadePrice)))]
async fn set(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewPrice>,
) -> Result<(StatusCode, Json<MadePrice>), Problem> {
    let context = caller.context(&state);
    let request = SetPrice {
        variant: new.variant,
        price_list: new.price_list,
        min_quantity: new.min_quantity.unwrap_or(Quantity::ONE),
        amount: new.amount,
        tax_included: new.tax_included,
        from: new.from.unwrap_or_else(|| context.now()),
        until: new.until,
    };
    let id = set_price(&state.pool, &context, request).await?;
    Ok((StatusCode::CREATED, Json(MadePrice { id })))
}

/// A price.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are those of the interface")]
struct Price {
    id: PriceId,
    variant: VariantId,
    price_list: Slug,
    min_quantity: Quantity,
    amount: Money,
    tax_included: bool,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// Which prices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PriceSearch {
    /// Of this variant.
    variant: Option<VariantId>,
    /// The `next` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// How many, from 1 to 100.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

/// Lists prices, the oldest first.
#[utoipa::path(get, path = "/v1/prices", tag = "catalog", params(PriceSearch),
    security(("api_key" = ["catalog.read"]), ("cart_token" = [])),
    responses((status = 200, body = Page<Price>)))]
async fn list(
    State(state): State<AppState>,
    Search(PriceSearch { variant, after, limit }): Search<PriceSearch>,
) -> Result<Json<Page<Price>>, Problem> {
    type Row = (
        PriceId,
        VariantId,
        Slug,
        Quantity,
        i64,
        Currency,
        bool,
        Option<DateTime<Utc>>,
        Option<DateTime<Utc>>,
    );
    let page = PageQuery { after, limit };
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, variant_id, price_list::text, min_quantity::int, amount::bigint,
                currency::text, tax_included, lower(valid), upper(valid)
           FROM price
          WHERE ($1::uuid IS NULL OR variant_id = $1) AND ($2::uuid IS NULL OR id > $2)
          ORDER BY id LIMIT $3",
    )
    .bind(variant)
    .bind(page.after::<PriceId>()?)
    .bind(limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one = |row: Row| {
        let (id, variant, price_list, min_quantity, minor, currency, tax_included, from, until) =
            row;
        let amount = stored_money(minor, currency)?;
        Ok(Price { id, variant, price_list, min_quantity, amount, tax_included, from, until })
    };
    let prices = rows.into_iter().map(one).collect::<Result<_, Problem>>()?;
    Ok(Json(Page::of(prices, limit, |price: &Price| price.id.to_string())))
}

/// A price list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PriceList {
    code: Slug,
    name: Label,
}

/// Makes a price list.
#[utoipa::path(post, path = "/v1/price-lists", tag = "catalog", request_body = PriceList,
    security(("api_key" = ["catalog.write"])),
    responses((status = 201, body = PriceList)))]
async fn make_list(
    State(state): State<AppState>,
    Body(PriceList { code, name }): Body<PriceList>,
) -> Result<(StatusCode, Json<PriceList>), Problem> {
    let request = CreatePriceList { code: code.clone(), name: name.clone() };
    create_price_list(&state.pool, request).await?;
    Ok((StatusCode::CREATED, Json(PriceList { code, name })))
}
