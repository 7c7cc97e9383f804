//! `/v1/disputes`.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::views::{self, DisputeView};
use crate::http::idempotency::{Answer, Keyed, once};
use crate::http::{AppState, Caller, Page, PageQuery, Problem, Search, Segment};
use crate::id::{DisputeId, PaymentId};
use crate::money::Money;
use crate::payment::{DisputeState, OpenDispute, ProviderReference, move_dispute, open_dispute};
use crate::value::Label;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(show))
        .routes(routes!(become_of))
}

/// A dispute that the provider has told of by other means than its notices.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDispute {
    payment: PaymentId,
    amount: Money,
    reason: Label,
    /// The provider's name of it.
    #[schema(value_type = String, max_length = 255)]
    reference: ProviderReference,
    respond_by: DateTime<Utc>,
}

/// Opens a dispute: its amount can be refunded no more.
#[utoipa::path(post, path = "/v1/disputes", tag = "payments", request_body = NewDispute,
    params(("Idempotency-Key" = String, Header)),
    security(("api_key" = ["payments.write"])),
    responses((status = 201, body = DisputeView)))]
async fn open(
    State(state): State<AppState>,
    caller: Caller,
    Keyed { body, claim }: Keyed<NewDispute>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let NewDispute { payment, amount, reason, reference, respond_by } = body;
    let request = OpenDispute { payment, amount, reason, reference, respond_by };
    once!(state, &context, claim, |connection| {
        let dispute = open_dispute(connection, &context, &request).await?;
        Answer::made(&views::dispute(connection, dispute).await?)
    })
}

/// What became of a dispute.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Became {
    state: DisputeState,
}

/// Says what became of a dispute.
#[utoipa::path(post, path = "/v1/disputes/{id}/moves", tag = "payments", request_body = Became,
    params(("id" = DisputeId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["payments.write"])),
    responses((status = 200, body = DisputeView)))]
async fn become_of(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<DisputeId>,
    Keyed { body, claim }: Keyed<Became>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        move_dispute(connection, &context, id, body.state).await?;
        Answer::done(&views::dispute(connection, id).await?)
    })
}

/// Lists disputes, the oldest first.
#[utoipa::path(get, path = "/v1/disputes", tag = "payments", params(PageQuery),
    security(("api_key" = ["payments.read"])),
    responses((status = 200, body = Page<DisputeView>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<DisputeView>>, Problem> {
    let mut connection = state.pool.acquire().await?;
    let disputes = views::disputes(&mut connection, page.after()?, page.limit.to_read()).await?;
    Ok(Json(Page::of(disputes, page.limit, |dispute: &DisputeView| dispute.id.to_string())))
}

/// Shows a dispute.
#[utoipa::path(get, path = "/v1/disputes/{id}", tag = "payments",
    params(("id" = DisputeId, Path)), security(("api_key" = ["payments.read"])),
    responses((status = 200, body = DisputeView)))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<DisputeId>,
) -> Result<Json<DisputeView>, Problem> {
    let mut connection = state.pool.acquire().await?;
    Ok(Json(views::dispute(&mut connection, id).await?))
}
