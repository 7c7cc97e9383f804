//! `/v1/stock-transfers`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::idempotency::{Answer, Keyed, once};
use crate::http::{AppState, Caller, Code, Page, PageQuery, Problem, Search, Segment, problems};
use crate::id::{LocationId, StockTransferId, VariantId};
use crate::inventory::{
    DraftTransfer, DraftTransferError, TransferError, TransferState, transfer_cancel_within,
    transfer_draft_within, transfer_receive_within, transfer_send_within,
};
use crate::value::{Label, Quantity};

problems!(DraftTransferError {
    E::LocationNotFound => LocationUnknown,
    E::VariantNotFound { .. } => VariantUnknown,
    E::SameLocation => TransferGoesNowhere,
    E::Empty => NoUnits,
    E::VariantTwice => LineTwice,
});
problems!(TransferError {
    E::NotFound => TransferNotFound,
    E::WrongState { .. } => TransferState,
    E::OutOfStock => OutOfStock,
    E::LocationDeleted => LocationUnknown,
    E::NoSuchLine { .. } => VariantUnknown,
    E::MoreThanWasSent => TooManyUnits,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, draft))
        .routes(routes!(show))
        .routes(routes!(send))
        .routes(routes!(receive))
        .routes(routes!(cancel))
}

/// Stock to be moved to another location.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTransfer {
    from: LocationId,
    to: LocationId,
    /// Each variant once.
    #[schema(min_items = 1)]
    lines: Vec<NewTransferLine>,
}

/// How many of what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTransferLine {
    variant: VariantId,
    quantity: Quantity,
}

/// Stock on its way from one location to another.
#[derive(Debug, Serialize, ToSchema)]
struct Transfer {
    id: StockTransferId,
    from: LocationId,
    to: LocationId,
    state: TransferState,
    lines: Vec<TransferredLine>,
    created_at: DateTime<Utc>,
}

/// What of a variant was sent, and what arrived.
#[derive(Debug, Serialize, ToSchema)]
struct TransferredLine {
    variant: VariantId,
    quantity: Quantity,
    /// None until the transfer is received, and where nothing arrived.
    received: Option<Quantity>,
}

type Row = (StockTransferId, LocationId, LocationId, TransferState, DateTime<Utc>);

async fn view(connection: &mut PgConnection, id: StockTransferId) -> Result<Transfer, Problem> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, from_location_id, to_location_id, state::text, created_at
           FROM stock_transfer WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    let (id, from, to, state, created_at) =
        row.ok_or_else(|| Problem::new(Code::TransferNotFound))?;
    let lines: Vec<(VariantId, Quantity, Option<Quantity>)> = sqlx::query_as(
        "SELECT variant_id, quantity::int, received::int FROM stock_transfer_line
          WHERE transfer_id = $1 ORDER BY variant_id",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    let line = |(variant, quantity, received)| TransferredLine { variant, quantity, received };
    let lines = lines.into_iter().map(line).collect();
    Ok(Transfer { id, from, to, state, lines, created_at })
}

/// Drafts a transfer; no stock moves.
#[utoipa::path(post, path = "/v1/stock-transfers", tag = "stock", request_body = NewTransfer,
    params(("Idempotency-Key" = String, Header)),
    security(("api_key" = ["stock.write"])),
    responses((status = 201, body = Transfer)))]
async fn draft(
    State(state): State<AppState>,
    caller: Caller,
    Keyed { body, claim }: Keyed<NewTransfer>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let NewTransfer { from, to, lines } = body;
    let lines = lines.into_iter().map(|line| (line.variant, line.quantity)).collect();
    let request = DraftTransfer { from, to, lines };
    once!(state, &context, claim, |connection| {
        let id = transfer_draft_within(connection, &context, &request).await?;
        Answer::made(&view(connection, id).await?)
    })
}

/// A transfer in a list.
#[derive(Debug, Serialize, ToSchema)]
struct TransferSummary {
    id: StockTransferId,
    from: LocationId,
    to: LocationId,
    state: TransferState,
    created_at: DateTime<Utc>,
}

/// Lists transfers, the oldest first.
#[utoipa::path(get, path = "/v1/stock-transfers", tag = "stock", params(PageQuery),
    security(("api_key" = ["stock.read"])),
    responses((status = 200, body = Page<TransferSummary>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<TransferSummary>>, Problem> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, from_location_id, to_location_id, state::text, created_at
           FROM stock_transfer WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
    )
    .bind(page.after::<StockTransferId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one =
        |(id, from, to, state, created_at)| TransferSummary { id, from, to, state, created_at };
    let all = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(all, page.limit, |one: &TransferSummary| one.id.to_string())))
}

/// Shows a transfer.
#[utoipa::path(get, path = "/v1/stock-transfers/{id}", tag = "stock",
    params(("id" = StockTransferId, Path)), security(("api_key" = ["stock.read"])),
    responses((status = 200, body = Transfer)))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<StockTransferId>,
) -> Result<Json<Transfer>, Problem> {
    let mut connection = state.pool.acquire().await?;
    Ok(Json(view(&mut connection, id).await?))
}

/// A body that says nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferSending {}

/// Sends a draft: its stock leaves the location that it comes from.
#[utoipa::path(post, path = "/v1/stock-transfers/{id}/send", tag = "stock",
    request_body = TransferSending,
    params(("id" = StockTransferId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["stock.write"])),
    responses((status = 200, body = Transfer)))]
async fn send(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<StockTransferId>,
    Keyed { claim, .. }: Keyed<TransferSending>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        transfer_send_within(connection, &context, id).await?;
        Answer::done(&view(connection, id).await?)
    })
}

/// What arrived otherwise than it was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Arrival {
    /// A variant that is not named arrived whole.
    #[serde(default)]
    lines: Vec<ArrivedLine>,
}

/// How much of a variant arrived.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ArrivedLine {
    variant: VariantId,
    /// None: nothing arrived.
    received: Option<Quantity>,
}

/// Receives a transfer: what arrived is stock of where it goes to, what did not is lost.
#[utoipa::path(post, path = "/v1/stock-transfers/{id}/receive", tag = "stock",
    request_body = Arrival,
    params(("id" = StockTransferId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["stock.write"])),
    responses((status = 200, body = Transfer)))]
async fn receive(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<StockTransferId>,
    Keyed { body, claim }: Keyed<Arrival>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let named = body.lines.len();
    let lines = body.lines.into_iter().map(|line| (line.variant, line.received));
    let arrived: BTreeMap<_, _> = lines.collect();
    if arrived.len() < named {
        return Err(Problem::new(Code::LineTwice));
    }
    once!(state, &context, claim, |connection| {
        transfer_receive_within(connection, &context, id, &arrived).await?;
        Answer::done(&view(connection, id).await?)
    })
}

/// Why a draft is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferCancellation {
    reason: Label,
}

/// Gives a draft up.
#[utoipa::path(post, path = "/v1/stock-transfers/{id}/cancel", tag = "stock",
    request_body = TransferCancellation,
    params(("id" = StockTransferId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["stock.write"])),
    responses((status = 200, body = Transfer)))]
async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<StockTransferId>,
    Keyed { body, claim }: Keyed<TransferCancellation>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        transfer_cancel_within(connection, &context, id, body.reason.as_str()).await?;
        Answer::done(&view(connection, id).await?)
    })
}
