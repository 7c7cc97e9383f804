//! `/v1/locations`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::{AppState, Body, Caller, Page, PageQuery, Problem, Search, Segment, problems};
use crate::id::LocationId;
use crate::inventory::{
    CreateLocation, CreateLocationError, DeleteLocationError, create_location, delete_location,
};
use crate::value::{Country, Label, Slug};

problems!(CreateLocationError { E::CodeTaken => CodeTaken });
problems!(DeleteLocationError {
    E::NotFound => LocationNotFound,
    E::InUse => LocationInUse,
    E::NotYetMade => TimeInThePast,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(remove))
}

/// A place that holds stock, to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLocation {
    code: Slug,
    name: Label,
    country: Country,
    /// Served first, the lower it is, when nothing else decides.
    #[serde(default)]
    priority: i32,
}

/// A place that holds stock.
#[derive(Debug, Serialize, ToSchema)]
struct Location {
    id: LocationId,
    code: Slug,
    name: Label,
    country: Country,
    priority: i32,
}

/// Makes a location.
#[utoipa::path(post, path = "/v1/locations", tag = "stock", request_body = NewLocation,
    security(("api_key" = ["stock.write"])),
    responses((status = 201, body = Location)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(NewLocation { code, name, country, priority }): Body<NewLocation>,
) -> Result<(StatusCode, Json<Location>), Problem> {
    let request = CreateLocation { code: code.clone(), name: name.clone(), country, priority };
    let id = create_location(&state.pool, &caller.context(&state), request).await?;
    Ok((StatusCode::CREATED, Json(Location { id, code, name, country, priority })))
}

/// Lists locations, the oldest first.
#[utoipa::path(get, path = "/v1/locations", tag = "stock", params(PageQuery),
    security(("api_key" = ["stock.read"])),
    responses((status = 200, body = Page<Location>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Location>>, Problem> {
    let rows: Vec<(LocationId, Slug, Label, Country, i32)> = sqlx::query_as(
        "SELECT id, code::text, name::text, country::text, priority FROM location
          WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2",
    )
    .bind(page.after::<LocationId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one = |(id, code, name, country, priority)| Location { id, code, name, country, priority };
    let locations = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(locations, page.limit, |location: &Location| location.id.to_string())))
}

/// Deletes a location that holds nothing.
#[utoipa::path(delete, path = "/v1/locations/{id}", tag = "stock",
    params(("id" = LocationId, Path)), security(("api_key" = ["stock.write"])),
    responses((status = 204)))]
async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<LocationId>,
) -> Result<StatusCode, Problem> {
    delete_location(&state.pool, &caller.context(&state), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
