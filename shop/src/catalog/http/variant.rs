//! `/v1/variants`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::catalog::{
    CreateVariant, CreateVariantError, DeleteVariantError, Sku, create_variant, delete_variant,
    find_variant,
};
use crate::http::{
    AppState, Body, Caller, Code, Page, PageQuery, Problem, Search, Segment, problems,
};
use crate::id::{ProductId, VariantId};
use crate::value::Label;

problems!(CreateVariantError {
    E::ProductNotFound => ProductUnknown,
    E::SkuTaken => SkuTaken,
    E::NegativeWeight => WeightNegative,
});
problems!(DeleteVariantError {
    E::NotFound => VariantNotFound,
    E::InAnOpenCart => VariantInOpenCart,
    E::NotYetMade => TimeInThePast,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(show, remove))
}

/// A variant: one form of a product that can be bought.
#[derive(Debug, Serialize, ToSchema)]
struct Variant {
    id: VariantId,
    product: ProductId,
    sku: Sku,
    title: Label,
    track_inventory: bool,
    weight_g: Option<i32>,
    version: i64,
}

impl From<crate::catalog::Variant> for Variant {
    fn from(variant: crate::catalog::Variant) -> Self {
        Self {
            id: variant.id,
            product: variant.product_id,
            sku: variant.sku,
            title: variant.title,
            track_inventory: variant.track_inventory,
            weight_g: variant.weight_g,
            version: variant.version,
        }
    }
}

/// A variant to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewVariant {
    product: ProductId,
    sku: Sku,
    title: Label,
    /// Whether its stock is counted.
    track_inventory: bool,
    #[schema(minimum = 0)]
    weight_g: Option<i32>,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeVariant {
    id: VariantId,
}

/// Makes a variant.
#[utoipa::path(post, path = "/v1/variants", tag = "catalog", request_body = NewVariant,
    security(("api_key" = ["catalog.write"])),
    responses((status = 201, body = MadeVariant)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewVariant>,
) -> Result<(StatusCode, Json<MadeVariant>), Problem> {
    let NewVariant { product, sku, title, track_inventory, weight_g } = new;
    let request = CreateVariant { product, sku, title, track_inventory, weight_g };
    let id = create_variant(&state.pool, &caller.context(&state), request).await?;
    Ok((StatusCode::CREATED, Json(MadeVariant { id })))
}

/// Lists variants, the oldest first.
#[utoipa::path(get, path = "/v1/variants", tag = "catalog", params(PageQuery),
    security(("api_key" = ["catalog.read"]), ("cart_token" = [])),
    responses((status = 200, body = Page<Variant>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Variant>>, Problem> {
    type Row = (VariantId, ProductId, Sku, Label, bool, Option<i32>, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, product_id, sku::text, title::text, track_inventory, weight_g, version
           FROM variant WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1)
          ORDER BY id LIMIT $2",
    )
    .bind(page.after::<VariantId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one = |(id, product, sku, title, track_inventory, weight_g, version): Row| Variant {
        id,
        product,
        sku,
        title,
        track_inventory,
        weight_g,
        version,
    };
    let variants = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(variants, page.limit, |variant: &Variant| variant.id.to_string())))
}

/// Shows a variant.
#[utoipa::path(get, path = "/v1/variants/{id}", tag = "catalog", params(("id" = VariantId, Path)),
    security(("api_key" = ["catalog.read"]), ("cart_token" = [])),
    responses((status = 200, body = Variant)))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<VariantId>,
) -> Result<Json<Variant>, Problem> {
    let mut connection = state.pool.acquire().await?;
    let variant = find_variant(&mut connection, id).await?;
    Ok(Json(variant.ok_or_else(|| Problem::new(Code::VariantNotFound))?.into()))
}

/// Deletes a variant; orders keep theirs.
#[utoipa::path(delete, path = "/v1/variants/{id}", tag = "catalog",
    params(("id" = VariantId, Path)), security(("api_key" = ["catalog.write"])),
    responses((status = 204)))]
async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<VariantId>,
) -> Result<StatusCode, Problem> {
    delete_variant(&state.pool, &caller.context(&state), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
