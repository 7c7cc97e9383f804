//! `/v1/products`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::catalog::{
    CreateProduct, CreateProductError, DeleteProductError, Description, ProductStatus,
    UpdateProduct, UpdateProductError, create_product, delete_product, update_product,
};
use crate::http::{
    AppState, Body, Caller, Code, Page, PageQuery, Problem, Search, Seen, Segment, Tag, problems,
};
use crate::id::ProductId;
use crate::value::{Label, Slug};

problems!(CreateProductError {
    E::UnknownTaxClass => TaxClassUnknown,
});
problems!(UpdateProductError {
    E::NotFound => ProductNotFound,
    E::Changed { .. } => VersionMismatch,
    E::UnknownTaxClass => TaxClassUnknown,
});
problems!(DeleteProductError {
    E::NotFound => ProductNotFound,
    E::HasVariants => ProductHasVariants,
    E::NotYetMade => TimeInThePast,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(show, change, remove))
}

/// A product.
#[derive(Debug, Serialize, ToSchema)]
struct Product {
    id: ProductId,
    title: Label,
    description: Option<Description>,
    tax_class: Slug,
    status: ProductStatus,
    version: i64,
    created_at: DateTime<Utc>,
}

type Row = (ProductId, Label, Option<Description>, Slug, String, i64, DateTime<Utc>);

impl Product {
    fn read((id, title, description, tax_class, status, version, created_at): Row) -> Self {
        let status = ProductStatus::ALL.iter().find(|known| known.as_str() == status);
        let status = status.copied().unwrap_or(ProductStatus::Draft);
        Self { id, title, description, tax_class, status, version, created_at }
    }
}

/// A product to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProduct {
    title: Label,
    description: Option<Description>,
    tax_class: Slug,
    status: ProductStatus,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeProduct {
    id: ProductId,
}

/// Makes a product.
#[utoipa::path(post, path = "/v1/products", tag = "catalog", request_body = NewProduct,
    security(("api_key" = ["catalog.write"])),
    responses((status = 201, body = MadeProduct)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewProduct>,
) -> Result<(StatusCode, Json<MadeProduct>), Problem> {
    let NewProduct { title, description, tax_class, status } = new;
    let request = CreateProduct { title, description, tax_class, status };
    let id = create_product(&state.pool, &caller.context(&state), request).await?;
    Ok((StatusCode::CREATED, Json(MadeProduct { id })))
}

/// Lists products, the oldest first.
#[utoipa::path(get, path = "/v1/products", tag = "catalog", params(PageQuery),
    security(("api_key" = ["catalog.read"]), ("cart_token" = [])),
    responses((status = 200, body = Page<Product>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Product>>, Problem> {
    let after: Option<ProductId> = page.after()?;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, title, description, tax_class, status::text, version, created_at FROM product
          WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let products = rows.into_iter().map(Product::read).collect();
    Ok(Json(Page::of(products, page.limit, |product: &Product| product.id.to_string())))
}

/// Shows a product.
#[utoipa::path(get, path = "/v1/products/{id}", tag = "catalog", params(("id" = ProductId, Path)),
    security(("api_key" = ["catalog.read"]), ("cart_token" = [])),
    responses((status = 200, body = Product, headers(("ETag" = String)))))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<ProductId>,
) -> Result<(Tag, Json<Product>), Problem> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, title, description, tax_class, status::text, version, created_at FROM product
          WHERE id = $1 AND deleted_at IS NULL",
    )
    .bind(id)
    .fetch_optional(&state.pool)
    .await?;
    let row = row.ok_or_else(|| Problem::new(Code::ProductNotFound))?;
    let product = Product::read(row);
    Ok((Tag(product.version), Json(product)))
}

/// What shall change of a product; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProductChange {
    title: Option<Label>,
    description: Option<Description>,
    tax_class: Option<Slug>,
    status: Option<ProductStatus>,
}

/// The version after a change.
#[derive(Debug, Serialize, ToSchema)]
struct ChangedProduct {
    version: i64,
}

/// Changes a product. `If-Match` says which version was seen.
#[utoipa::path(patch, path = "/v1/products/{id}", tag = "catalog", request_body = ProductChange,
    params(("id" = ProductId, Path), Seen), security(("api_key" = ["catalog.write"])),
    responses((status = 200, body = ChangedProduct, headers(("ETag" = String)))))]
async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Segment(product): Segment<ProductId>,
    seen: Seen,
    Body(change): Body<ProductChange>,
) -> Result<(Tag, Json<ChangedProduct>), Problem> {
    let version = seen.version()?;
    let ProductChange { title, description, tax_class, status } = change;
    let request = UpdateProduct { product, version, title, description, tax_class, status };
    let version = update_product(&state.pool, &caller.context(&state), request).await?;
    Ok((Tag(version), Json(ChangedProduct { version })))
}

/// Deletes a product that has no variants.
#[utoipa::path(delete, path = "/v1/products/{id}", tag = "catalog",
    params(("id" = ProductId, Path)), security(("api_key" = ["catalog.write"])),
    responses((status = 204)))]
async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<ProductId>,
) -> Result<StatusCode, Problem> {
    delete_product(&state.pool, &caller.context(&state), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
