//! `/v1/payments`, `/v1/refunds`, `/v1/disputes`, `/v1/store-credits`, `/v1/gift-cards`, and the
//! ways to pay that customers keep.
//!
//! A request that moves money claims its key and what it asks for in one transaction, asks the
//! provider, and answers with what the books say then. Repeated, it is answered from the books;
//! after a crash, it finishes what was begun.

mod credit;
mod disputes;
mod errors;
mod methods;
mod operations;
mod refunds;
mod views;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::operations::{asking, find_provider, take_payment};
use self::views::{AttemptView, CaptureView, PaymentView, VoidView};
use super::provider::Source;
use super::{
    Capture, CaptureMode, Kind, MethodType, PayWith, SecretToken, Start, Void, begin_attempt,
    begin_capture, begin_void, cancel, start,
};
use crate::http::idempotency::{Answer, Keyed};
use crate::http::{AppState, Caller, Code, Page, PageQuery, Problem, Search, Segment};
use crate::id::{OrderId, PaymentId, PaymentMethodId};
use crate::money::Money;
use crate::order::http::admit;
use crate::value::Slug;

/// The routes of payments.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(show))
        .routes(routes!(attempt))
        .routes(routes!(take))
        .routes(routes!(give_up))
        .routes(routes!(call_off))
        .merge(refunds::routes())
        .merge(disputes::routes())
        .merge(credit::routes())
        .merge(methods::routes())
}

/// A payment to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPayment {
    order: OrderId,
    /// The order's total, or a part of it.
    amount: Money,
    /// A method that the customer has stored.
    method: Option<PaymentMethodId>,
    /// Else, of what type it is, and through which provider.
    method_type: Option<MethodType>,
    provider: Option<Slug>,
    #[schema(value_type = Option<CaptureMode>)]
    capture_mode: Option<CaptureMode>,
    /// Until when it must have come to something.
    expires_at: Option<DateTime<Utc>>,
}

/// Begins a payment: its amount is claimed of the order; no provider is asked yet.
#[utoipa::path(post, path = "/v1/payments", tag = "payments", request_body = NewPayment,
    params(("Idempotency-Key" = String, Header)),
    security(("api_key" = ["payments.write"]), ("cart_token" = [])),
    responses((status = 201, body = PaymentView)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Keyed { body, claim }: Keyed<NewPayment>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    admit(&state.pool, &caller, body.order).await?;
    let with = match (body.method, body.method_type, body.provider) {
        (Some(method), None, None) => PayWith::Stored(method),
        (None, Some(method_type), Some(provider)) => PayWith::Once { method_type, provider },
        _ => return Err(Problem::new(Code::MethodAmbiguous)),
    };
    let request = Start {
        order: body.order,
        amount: body.amount,
        with,
        capture_mode: body.capture_mode.unwrap_or(CaptureMode::Automatic),
        expires_at: body.expires_at,
    };
    crate::http::idempotency::once!(state, &context, claim, |connection| {
        let payment = start(connection, &context, &request).await?;
        Answer::made(&views::payment(connection, payment).await?)
    })
}

/// Lists payments, the oldest first.
#[utoipa::path(get, path = "/v1/payments", tag = "payments", params(PageQuery),
    security(("api_key" = ["payments.read"])),
    responses((status = 200, body = Page<PaymentView>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<PaymentView>>, Problem> {
    let mut connection = state.pool.acquire().await?;
    let payments = views::payments(&mut connection, page.after()?, page.limit.to_read()).await?;
    Ok(Json(Page::of(payments, page.limit, |payment: &PaymentView| payment.id.to_string())))
}

/// Shows a payment.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments",
    params(("id" = PaymentId, Path)),
    security(("api_key" = ["payments.read"]), ("cart_token" = [])),
    responses((status = 200, body = PaymentView)))]
async fn show(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    let mut connection = state.pool.acquire().await?;
    let payment = views::payment(&mut connection, id).await?;
    drop(connection);
    admit(&state.pool, &caller, payment.order).await.map_err(|_| views::missing())?;
    Ok(Json(payment))
}

/// With what is paid, where nothing is stored.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAttempt {
    /// What the provider gave the customer's browser for a card or a wallet. Never a card's number.
    #[serde(default, deserialize_with = "crate::http::parsed")]
    #[schema(value_type = Option<String>, max_length = 255)]
    token: Option<SecretToken>,
    /// The code of a gift card.
    #[serde(default, deserialize_with = "crate::http::parsed")]
    #[schema(value_type = Option<String>, max_length = 64)]
    gift_card: Option<super::method::GiftCardCode>,
    /// The customer comes with the money, or is sent to where it is.
    #[serde(default)]
    customer_pays: bool,
}

/// Asks the provider to hold or to take the money, as the capture mode says; or to hold it anew.
#[utoipa::path(post, path = "/v1/payments/{id}/attempts", tag = "payments",
    request_body = NewAttempt,
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["payments.write"]), ("cart_token" = [])),
    responses((status = 201, body = AttemptView)))]
async fn attempt(
    State(state): State<AppState>,
    caller: Caller,
    Segment(payment): Segment<PaymentId>,
    Keyed { body, claim }: Keyed<NewAttempt>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let provider = take_payment(&state, &caller, payment).await?;
    let source = match (body.token, body.gift_card, body.customer_pays) {
        (Some(token), None, false) => Some(Source::Token(token)),
        (None, Some(code), false) => Some(Source::GiftCard(code)),
        (None, None, true) => Some(Source::Customer),
        (None, None, false) => None,
        _ => return Err(Problem::new(Code::MethodAmbiguous)),
    };
    asking!(state, &context, claim, provider, payment, Kind::Attempt, |connection| {
        begin_attempt(connection, &context, provider, payment, source.clone()).await
    })
}

/// An amount of a payment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Amount {
    /// None: all that is left.
    amount: Option<Money>,
}

/// Takes held money: all of it, a part, or a further part.
#[utoipa::path(post, path = "/v1/payments/{id}/capture", tag = "payments",
    request_body = Amount,
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["payments.write"])),
    responses((status = 201, body = CaptureView)))]
async fn take(
    State(state): State<AppState>,
    caller: Caller,
    Segment(payment): Segment<PaymentId>,
    Keyed { body, claim }: Keyed<Amount>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let provider = find_provider(&state, payment).await?;
    let request = Capture { payment, amount: body.amount };
    asking!(state, &context, claim, provider, payment, Kind::Capture, |connection| {
        begin_capture(connection, &context, provider, request).await
    })
}

/// Gives held money up: all of it, or what is left after captures.
#[utoipa::path(post, path = "/v1/payments/{id}/void", tag = "payments", request_body = Amount,
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["payments.write"])),
    responses((status = 201, body = VoidView)))]
async fn give_up(
    State(state): State<AppState>,
    caller: Caller,
    Segment(payment): Segment<PaymentId>,
    Keyed { body, claim }: Keyed<Amount>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let provider = find_provider(&state, payment).await?;
    let request = Void { payment, amount: body.amount };
    asking!(state, &context, claim, provider, payment, Kind::Void, |connection| {
        begin_void(connection, &context, provider, request).await
    })
}

/// Gives a payment up that holds no money.
///
/// Repeated, it finds the payment voided and says so; it needs no key.
#[utoipa::path(delete, path = "/v1/payments/{id}", tag = "payments",
    params(("id" = PaymentId, Path)), security(("api_key" = ["payments.write"])),
    responses((status = 200, body = PaymentView)))]
async fn call_off(
    State(state): State<AppState>,
    caller: Caller,
    Segment(payment): Segment<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    let provider = find_provider(&state, payment).await?;
    cancel(&state.pool, &caller.context(&state), provider, payment).await?;
    let mut connection = state.pool.acquire().await?;
    Ok(Json(views::payment(&mut connection, payment).await?))
}
