//! `/v1/payments/{id}/refunds` and `/v1/refunds/{id}`.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::operations::{asking, connected};
use super::views::{self, RefundView};
use crate::http::idempotency::{Answer, Claim, Keyed};
use crate::http::{AppState, Caller, Code, Page, PageQuery, Problem, Search, Segment};
use crate::id::{OrderLineId, PaymentId, RefundId, ReturnId};
use crate::money::Money;
use crate::payment::provider::Provider;
use crate::payment::{
    Kind, Note, Refund, RefundError, RefundLine, RefundReason, begin_refund, cancel_refund,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(show, call_off))
}

/// Money to give back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRefund {
    /// None: all that was taken and not given back.
    amount: Option<Money>,
    reason: RefundReason,
    /// Needed for `other`.
    #[serde(default, deserialize_with = "crate::http::parsed")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    note: Option<Note>,
    /// What it is for; the rest is for nothing in particular.
    #[serde(default)]
    #[schema(max_items = 1000)]
    lines: Vec<NewRefundLine>,
    /// The return that it follows.
    r#return: Option<ReturnId>,
}

/// A part of a refund that is for one line of the order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRefundLine {
    line: OrderLineId,
    amount: Money,
}

/// Gives money back: all of it, a part, or a further part.
///
/// Without an amount it is what is left: 409 `nothing_to_refund` if the rest is on its way back
/// already, or disputed.
#[utoipa::path(post, path = "/v1/payments/{id}/refunds", tag = "payments",
    request_body = NewRefund,
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["payments.write"])),
    responses((status = 201, body = RefundView)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Segment(payment): Segment<PaymentId>,
    Keyed { body, claim }: Keyed<NewRefund>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let plain = body.amount.filter(|_| body.lines.is_empty());
    let provider = look_first(&state, payment, plain, &claim).await?;
    let line = |line: NewRefundLine| RefundLine { order_line: line.line, amount: line.amount };
    let request = Refund {
        payment,
        amount: body.amount,
        reason: body.reason,
        note: body.note,
        lines: body.lines.into_iter().map(line).collect(),
        for_return: body.r#return,
    };
    asking!(state, &context, claim, provider, payment, Kind::Refund, |connection| {
        begin_refund(connection, &context, provider, &request).await
    })
}

/// The provider of a payment, unless its books say by now that less is left than shall be given
/// back.
///
/// Whoever comes too late is told so without waiting for the locks of all who come too late with
/// them. Whoever does not learn of it here is refused by the payment's own row. A request that was
/// begun under its key finds the key in the same look, and is answered as before.
async fn look_first<'a>(
    state: &'a AppState,
    payment: PaymentId,
    amount: Option<Money>,
    claim: &Claim,
) -> Result<&'a dyn Provider, Problem> {
    let (scope, key) = claim.names();
    let found: Option<(String, bool)> = sqlx::query_as(
        "SELECT provider::text, coalesce(
                    state IN ('partially_captured', 'captured', 'partially_refunded')
                    AND currency = $2 AND captured - refunded - refund_pending - disputed < $3
                    AND NOT EXISTS (SELECT FROM idempotency_key WHERE scope = $4 AND key = $5),
                    false)
           FROM payment WHERE id = $1",
    )
    .bind(payment)
    .bind(amount.map(Money::currency))
    .bind(amount.map(Money::minor))
    .bind(scope)
    .bind(key)
    .fetch_optional(&state.pool)
    .await?;
    match found.ok_or_else(views::missing)? {
        (_, true) => Err(RefundError::ExceedsCaptured.into()),
        (code, false) => connected(state, &code),
    }
}

/// Lists the refunds of a payment, the oldest first.
#[utoipa::path(get, path = "/v1/payments/{id}/refunds", tag = "payments",
    params(("id" = PaymentId, Path), PageQuery), security(("api_key" = ["payments.read"])),
    responses((status = 200, body = Page<RefundView>)))]
async fn list(
    State(state): State<AppState>,
    Segment(payment): Segment<PaymentId>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<RefundView>>, Problem> {
    let mut connection = state.pool.acquire().await?;
    let limit = page.limit.to_read();
    let refunds = views::refunds(&mut connection, payment, page.after()?, limit).await?;
    Ok(Json(Page::of(refunds, page.limit, |refund: &RefundView| refund.id.to_string())))
}

/// Shows a refund.
#[utoipa::path(get, path = "/v1/refunds/{id}", tag = "payments", params(("id" = RefundId, Path)),
    security(("api_key" = ["payments.read"])),
    responses((status = 200, body = RefundView)))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<RefundId>,
) -> Result<Json<RefundView>, Problem> {
    let mut connection = state.pool.acquire().await?;
    Ok(Json(views::refund(&mut connection, id).await?))
}

/// Calls a refund off that waits for somebody to say where the money shall go.
#[utoipa::path(delete, path = "/v1/refunds/{id}", tag = "payments",
    params(("id" = RefundId, Path)), security(("api_key" = ["payments.write"])),
    responses((status = 200, body = RefundView)))]
async fn call_off(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<RefundId>,
) -> Result<Json<RefundView>, Problem> {
    cancel_refund(&state.pool, &caller.context(&state), id).await.map_err(|error| match error {
        RefundError::NotFound => Problem::new(Code::RefundNotFound),
        error => error.into(),
    })?;
    let mut connection = state.pool.acquire().await?;
    Ok(Json(views::refund(&mut connection, id).await?))
}
