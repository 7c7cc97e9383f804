//! `/v1/events`: what happened, in the order in which it became visible.
//!
//! Ids follow clocks, and numbers of a sequence are given out before they are committed: who reads
//! on from the largest that they have seen misses what commits late. So events are in the order of
//! their transactions, and none is shown while a transaction that began before its own is open.
//!
//! **Invariant**: a page never grows in front of an event that was shown.

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

/// Lists events in an order to which nothing is added in front of what was shown: who asks on after
/// the last one they know misses none. Those of one aggregate are in the order of their `seq`. An
/// event appears once all transactions that began before its own are over.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(PageQuery),
    security(("api_key" = ["events.read"])),
    responses((status = 200, body = Page<Event>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Event>>, Problem> {
    let from = match page.after::<EventId>()? {
        None => Some(("0".to_owned(), 0)),
        Some(last) => {
            sqlx::query_as("SELECT xid::text, position FROM outbox WHERE id = $1")
                .bind(last)
                .fetch_optional(&state.pool)
                .await?
        }
    };
    let Some::<(String, i64)>((xid, position)) = from else {
        return Err(Problem::new(Code::QueryInvalid).with("parameter", "after"));
    };
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, type, version, seq, occurred_at, payload FROM outbox
          WHERE (xid, position) > ($1::text::xid8, $2) AND xid < (SELECT settled_xid())
          ORDER BY xid, position LIMIT $3",
    )
    .bind(xid)
    .bind(position)
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
