//! `/v1/events`: what happened, to look at. Who must miss nothing takes webhooks.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::{AppState, Code, Page, PageQuery, Problem, Search, Segment};
use crate::id::EventId;

/// The routes of events.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
struct Event {
    id: EventId,
    r#type: String,
    /// The version of the schema of `data`.
    version: i16,
    /// The number among the events of its aggregate, from 1, without a gap.
    seq: i32,
    occurred_at: DateTime<Utc>,
    /// As the catalogue of events describes it.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

type Row = (EventId, String, i16, i32, DateTime<Utc>, serde_json::Value);

fn event((id, r#type, version, seq, occurred_at, data): Row) -> Event {
    Event { id, r#type, version, seq, occurred_at, data }
}

/// Lists events, the oldest first, by when their transaction began.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(PageQuery),
    security(("api_key" = ["events.read"])),
    responses((status = 200, body = Page<Event>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Event>>, Problem> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, type, version, seq, occurred_at, payload FROM outbox
          WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
    )
    .bind(page.after::<EventId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let all = rows.into_iter().map(event).collect();
    Ok(Json(Page::of(all, page.limit, |one: &Event| one.id.to_string())))
}

/// Shows an event.
#[utoipa::path(get, path = "/v1/events/{id}", tag = "events", params(("id" = EventId, Path)),
    security(("api_key" = ["events.read"])),
    responses((status = 200, body = Event)))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<EventId>,
) -> Result<Json<Event>, Problem> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, type, version, seq, occurred_at, payload FROM outbox WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(&state.pool)
    .await?;
    Ok(Json(event(row.ok_or_else(|| Problem::new(Code::EventNotFound))?)))
}
