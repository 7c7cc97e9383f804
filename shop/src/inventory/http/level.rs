//! `/v1/stock-levels`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::{
    AppState, Body, Caller, Code, Page, PageQuery, Problem, Search, Seen, Segment, Tag, problems,
};
use crate::id::{LocationId, StockOperationId, VariantId};
use crate::inventory::{
    Basis, CorrectError, SetBackorderLimit, SetBackorderLimitError, StockTake, adjust, find_level,
    set_backorder_limit,
};
use crate::value::Label;

problems!(CorrectError {
    E::NotFound => StockLevelNotFound,
    E::AlreadyWritten => OperationKnown,
    E::Changed { .. } => VersionMismatch,
    E::CountOutOfRange => CountOutOfRange,
    E::Promised => StockPromised,
    E::MoreThanThereIs => OutOfStock,
});
problems!(SetBackorderLimitError {
    E::LocationNotFound => LocationNotFound,
    E::VariantNotFound => VariantNotFound,
    E::OutOfRange => CountOutOfRange,
    E::Promised => StockPromised,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(count))
        .routes(routes!(limit_backorders))
}

/// What a location has of a variant.
#[derive(Debug, Serialize, ToSchema)]
struct StockLevel {
    location: LocationId,
    variant: VariantId,
    /// How many are there.
    on_hand: i32,
    /// How many of them are held for carts.
    reserved: i32,
    /// How many are promised to orders.
    allocated: i32,
    /// How many may be promised beyond what is there.
    backorder_limit: i32,
    version: i64,
}

impl From<crate::inventory::StockLevel> for StockLevel {
    fn from(level: crate::inventory::StockLevel) -> Self {
        Self {
            location: level.location,
            variant: level.variant,
            on_hand: level.on_hand,
            reserved: level.reserved,
            allocated: level.allocated,
            backorder_limit: level.backorder_limit,
            version: level.version,
        }
    }
}

/// Where a page of levels begins: `<location>.<variant>`.
#[derive(Debug, Clone, Copy)]
struct Place(LocationId, VariantId);

impl std::str::FromStr for Place {
    type Err = crate::id::ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (location, variant) = text.split_once('.').unwrap_or((text, ""));
        Ok(Self(location.parse()?, variant.parse()?))
    }
}

/// Lists stock levels by location and variant.
#[utoipa::path(get, path = "/v1/stock-levels", tag = "stock", params(PageQuery),
    security(("api_key" = ["stock.read"])),
    responses((status = 200, body = Page<StockLevel>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<StockLevel>>, Problem> {
    let after: Option<Place> = page.after()?;
    let rows: Vec<(LocationId, VariantId, i32, i32, i32, i32, i64)> = sqlx::query_as(
        "SELECT location_id, variant_id, on_hand, reserved, allocated, backorder_limit, version
           FROM stock_level
          WHERE $1::uuid IS NULL OR (location_id, variant_id) > ($1, $2::uuid)
          ORDER BY location_id, variant_id LIMIT $3",
    )
    .bind(after.map(|place| place.0))
    .bind(after.map(|place| place.1))
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let level = |(location, variant, on_hand, reserved, allocated, backorder_limit, version)| {
        StockLevel { location, variant, on_hand, reserved, allocated, backorder_limit, version }
    };
    let levels = rows.into_iter().map(level).collect();
    let key = |level: &StockLevel| format!("{}.{}", level.location, level.variant);
    Ok(Json(Page::of(levels, page.limit, key)))
}

async fn read(
    state: &AppState,
    location: LocationId,
    variant: VariantId,
) -> Result<(Tag, Json<StockLevel>), Problem> {
    let mut connection = state.pool.acquire().await?;
    let level = find_level(&mut connection, location, variant).await?;
    let level = level.ok_or_else(|| Problem::new(Code::StockLevelNotFound))?;
    Ok((Tag(level.version), Json(level.into())))
}

/// Shows a stock level.
#[utoipa::path(get, path = "/v1/stock-levels/{location}/{variant}", tag = "stock",
    params(("location" = LocationId, Path), ("variant" = VariantId, Path)),
    security(("api_key" = ["stock.read"])),
    responses((status = 200, body = StockLevel, headers(("ETag" = String)))))]
async fn show(
    State(state): State<AppState>,
    Segment((location, variant)): Segment<(LocationId, VariantId)>,
) -> Result<(Tag, Json<StockLevel>), Problem> {
    read(&state, location, variant).await
}

/// What a stock-take found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Count {
    #[schema(minimum = 0, maximum = 1_000_000)]
    counted: i64,
    reason: Label,
}

/// Sets what is there to what was counted. `If-Match` says which version was seen.
#[utoipa::path(put, path = "/v1/stock-levels/{location}/{variant}/on-hand", tag = "stock",
    request_body = Count,
    params(("location" = LocationId, Path), ("variant" = VariantId, Path), Seen),
    security(("api_key" = ["stock.write"])),
    responses((status = 200, body = StockLevel, headers(("ETag" = String)))))]
async fn count(
    State(state): State<AppState>,
    caller: Caller,
    Segment((location, variant)): Segment<(LocationId, VariantId)>,
    seen: Seen,
    Body(Count { counted, reason }): Body<Count>,
) -> Result<(Tag, Json<StockLevel>), Problem> {
    let context = caller.context(&state);
    let basis = Basis::Version(seen.version()?);
    let operation: StockOperationId = context.id();
    let request = StockTake { operation, location, variant, counted, basis, reason };
    adjust(&state.pool, &context, request).await?;
    read(&state, location, variant).await
}

/// How many may be promised beyond what is there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BackorderLimit {
    #[schema(minimum = 0, maximum = 1_000_000)]
    limit: i64,
}

/// Sets how many may be promised beyond what is there.
#[utoipa::path(put, path = "/v1/stock-levels/{location}/{variant}/backorder-limit", tag = "stock",
    request_body = BackorderLimit,
    params(("location" = LocationId, Path), ("variant" = VariantId, Path)),
    security(("api_key" = ["stock.write"])),
    responses((status = 200, body = StockLevel, headers(("ETag" = String)))))]
async fn limit_backorders(
    State(state): State<AppState>,
    caller: Caller,
    Segment((location, variant)): Segment<(LocationId, VariantId)>,
    Body(BackorderLimit { limit }): Body<BackorderLimit>,
) -> Result<(Tag, Json<StockLevel>), Problem> {
    let request = SetBackorderLimit { location, variant, limit };
    set_backorder_limit(&state.pool, &caller.context(&state), request).await?;
    read(&state, location, variant).await
}
