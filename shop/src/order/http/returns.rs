//! Goods that come back: `/v1/orders/{id}/returns` and `/v1/returns/{id}`.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::parcels::Nothing;
use super::{LineUnits, Worth, units, worth};
use crate::http::idempotency::{Answer, Keyed, once};
use crate::http::{AppState, Caller, Page, PageQuery, Problem, Search, Segment, problems};
use crate::id::{LocationId, OrderId, ReturnId};
use crate::money::Money;
use crate::order::{
    OrderState, ReceiveReturn, ReceiveReturnError, RequestReturn, RequestReturnError, ReturnError,
    ReturnState, approve_return_within, cancel_return_within, complete_return_within,
    receive_return_within, reject_return_within, request_return_within,
};
use crate::value::Label;

problems!(RequestReturnError {} inside Order, Units);
problems!(ReturnError {
    E::NotFound => ReturnNotFound,
    E::State(_) => ReturnState,
});
problems!(ReceiveReturnError {
    E::NotInReturn(_) => OrderLineNotFound,
    E::RestocksTooMany(_) => TooManyUnits,
    E::NoSuchLocation => LocationUnknown,
} inside Return);

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(cancel))
        .routes(routes!(take_back))
        .routes(routes!(complete))
}

/// What shall come back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReturn {
    #[schema(max_items = 1000)]
    units: Vec<LineUnits>,
    reason: Label,
}

/// A return and where it is.
#[derive(Debug, Serialize, ToSchema)]
struct Return {
    id: ReturnId,
    state: ReturnState,
}

/// Asks for a return.
#[utoipa::path(post, path = "/v1/orders/{id}/returns", tag = "orders", request_body = NewReturn,
    params(("id" = OrderId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 201, body = Return)))]
async fn ask(
    State(state): State<AppState>,
    caller: Caller,
    Segment(order): Segment<OrderId>,
    Keyed { body, claim }: Keyed<NewReturn>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let NewReturn { units: wanted, reason } = body;
    let request = RequestReturn { order, customer: None, units: units(wanted), reason };
    once!(state, &context, claim, |connection| {
        let id = request_return_within(connection, &context, &request).await?;
        Answer::made(&Return { id, state: ReturnState::Requested })
    })
}

/// A return in a list.
#[derive(Debug, Serialize, ToSchema)]
struct ReturnSummary {
    id: ReturnId,
    state: ReturnState,
    reason: String,
    created_at: DateTime<Utc>,
}

/// Lists the returns of an order, the oldest first.
#[utoipa::path(get, path = "/v1/orders/{id}/returns", tag = "orders",
    params(("id" = OrderId, Path), PageQuery), security(("api_key" = ["orders.read"])),
    responses((status = 200, body = Page<ReturnSummary>)))]
async fn list(
    State(state): State<AppState>,
    Segment(order): Segment<OrderId>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<ReturnSummary>>, Problem> {
    let rows: Vec<(ReturnId, ReturnState, String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT id, state::text, reason::text, created_at FROM order_return
          WHERE order_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
    )
    .bind(order)
    .bind(page.after::<ReturnId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one = |(id, state, reason, created_at)| ReturnSummary { id, state, reason, created_at };
    let returns = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(returns, page.limit, |one: &ReturnSummary| one.id.to_string())))
}

/// Approves a return: the goods may be sent back.
#[utoipa::path(post, path = "/v1/returns/{id}/approve", tag = "orders", request_body = Nothing,
    params(("id" = ReturnId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = Return)))]
async fn approve(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<ReturnId>,
    Keyed { claim, .. }: Keyed<Nothing>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        approve_return_within(connection, &context, id).await?;
        Answer::done(&Return { id, state: ReturnState::Approved })
    })
}

/// Why a return is not taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rejection {
    reason: Label,
}

/// Rejects a return.
#[utoipa::path(post, path = "/v1/returns/{id}/reject", tag = "orders", request_body = Rejection,
    params(("id" = ReturnId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = Return)))]
async fn reject(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<ReturnId>,
    Keyed { body, claim }: Keyed<Rejection>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        reject_return_within(connection, &context, id, &body.reason).await?;
        Answer::done(&Return { id, state: ReturnState::Rejected })
    })
}

/// Calls a return off.
#[utoipa::path(post, path = "/v1/returns/{id}/cancel", tag = "orders", request_body = Nothing,
    params(("id" = ReturnId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = Return)))]
async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<ReturnId>,
    Keyed { claim, .. }: Keyed<Nothing>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        cancel_return_within(connection, &context, id, None).await?;
        Answer::done(&Return { id, state: ReturnState::Cancelled })
    })
}

/// Goods that arrived.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReceipt {
    location: LocationId,
    /// What can be sold again.
    #[serde(default)]
    #[schema(max_items = 1000)]
    restock: Vec<LineUnits>,
}

/// What the goods that arrived are worth.
#[derive(Debug, Serialize, ToSchema)]
struct Receipt {
    order_state: OrderState,
    units: Vec<Worth>,
    money_back: Money,
}

/// Takes goods back, and puts what can be sold again into stock.
#[utoipa::path(post, path = "/v1/returns/{id}/receive", tag = "orders",
    request_body = NewReceipt,
    params(("id" = ReturnId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = Receipt)))]
async fn take_back(
    State(state): State<AppState>,
    caller: Caller,
    Segment(returned): Segment<ReturnId>,
    Keyed { body, claim }: Keyed<NewReceipt>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let NewReceipt { location, restock } = body;
    let request = ReceiveReturn { returned, location, restock: units(restock) };
    once!(state, &context, claim, |connection| {
        let done = receive_return_within(connection, &context, &request).await?;
        let (order_state, money_back) = (done.state, done.money_back);
        Answer::done(&Receipt { order_state, units: worth(done.units), money_back })
    })
}

/// Closes a return: the money has gone back.
#[utoipa::path(post, path = "/v1/returns/{id}/complete", tag = "orders", request_body = Nothing,
    params(("id" = ReturnId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = Return)))]
async fn complete(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<ReturnId>,
    Keyed { claim, .. }: Keyed<Nothing>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        complete_return_within(connection, &context, id).await?;
        Answer::done(&Return { id, state: ReturnState::Completed })
    })
}
