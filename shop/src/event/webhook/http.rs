//! `/v1/webhook-endpoints` and `/v1/webhook-deliveries`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    CreateEndpoint, CreateEndpointError, DeliveryState, EndpointError, EndpointUrl, RedeliverError,
    RotateSecretError, UpdateEndpoint, UpdateEndpointError,
};
use crate::http::{
    AppState, Body, Caller, Code, Page, PageQuery, Problem, Search, Segment, problems,
};
use crate::id::{EventId, WebhookDeliveryId, WebhookEndpointId};
use crate::value::Label;

problems!(CreateEndpointError {
    E::Taken => WebhookEndpointExists,
    E::NotEncrypted => WebhookUrlNotEncrypted,
    E::UnknownType => EventTypeUnknown,
    E::NoTypes => EventTypesMissing,
    E::NoRandomBits => Internal,
});
problems!(UpdateEndpointError {
    E::NotFound => WebhookEndpointNotFound,
    E::UnknownType => EventTypeUnknown,
    E::NoTypes => EventTypesMissing,
});
problems!(EndpointError {
    E::NotFound => WebhookEndpointNotFound,
});
problems!(RotateSecretError {
    E::NotFound => WebhookEndpointNotFound,
    E::NoRandomBits => Internal,
    E::TooSoon => Busy,
});
problems!(RedeliverError {
    E::NotFound => WebhookDeliveryNotFound,
    E::Closed { .. } => WebhookDeliveryClosed,
    E::TooOften => WebhookDeliveryTriedTooOften,
});

/// The routes of webhooks.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(show, change, remove))
        .routes(routes!(rotate))
        .routes(routes!(deliveries))
        .routes(routes!(delivery_attempts))
        .routes(routes!(redeliver))
}

/// Where events are sent to.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookEndpoint {
    id: WebhookEndpointId,
    url: String,
    description: Option<String>,
    /// Which events it gets.
    types: Vec<String>,
    created_at: DateTime<Utc>,
    /// Since when it gets nothing.
    disabled_at: Option<DateTime<Utc>>,
    /// Why it gets nothing.
    disabled_reason: Option<String>,
    /// Until when it asked to be left alone.
    rests_until: Option<DateTime<Utc>>,
}

impl From<super::Endpoint> for WebhookEndpoint {
    fn from(one: super::Endpoint) -> Self {
        Self {
            id: one.id,
            url: one.url,
            description: one.description,
            types: one.types,
            created_at: one.created_at,
            disabled_at: one.disabled_at,
            disabled_reason: one.disabled_reason,
            rests_until: one.rests_until,
        }
    }
}

/// An endpoint to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhookEndpoint {
    /// `https`, or `http` on the machine of the service.
    #[schema(value_type = String, format = "uri", max_length = 2000)]
    url: EndpointUrl,
    description: Option<Label>,
    /// Types of the catalogue of events, such as `order.placed`.
    #[schema(min_items = 1)]
    types: Vec<String>,
}

/// An endpoint that was added.
#[derive(Debug, Serialize, ToSchema)]
struct MadeWebhookEndpoint {
    id: WebhookEndpointId,
    /// What its deliveries are signed with. It is shown this once.
    secret: String,
}

/// Adds an endpoint.
#[utoipa::path(post, path = "/v1/webhook-endpoints", tag = "webhooks",
    request_body = NewWebhookEndpoint, security(("api_key" = ["webhooks.write"])),
    responses((status = 201, body = MadeWebhookEndpoint)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewWebhookEndpoint>,
) -> Result<(StatusCode, Json<MadeWebhookEndpoint>), Problem> {
    let NewWebhookEndpoint { url, description, types } = new;
    let request = CreateEndpoint { url, description, types };
    let (id, secret) =
        super::create_endpoint(&state.pool, &caller.context(&state), &request).await?;
    Ok((StatusCode::CREATED, Json(MadeWebhookEndpoint { id, secret: secret.reveal() })))
}

/// Lists endpoints, the oldest first.
#[utoipa::path(get, path = "/v1/webhook-endpoints", tag = "webhooks", params(PageQuery),
    security(("api_key" = ["webhooks.read"])),
    responses((status = 200, body = Page<WebhookEndpoint>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<WebhookEndpoint>>, Problem> {
    let limit = u32::try_from(page.limit.to_read()).unwrap_or(u32::MAX);
    let all = super::endpoints(&state.pool, page.after()?, limit).await?;
    let all = all.into_iter().map(WebhookEndpoint::from).collect();
    Ok(Json(Page::of(all, page.limit, |one: &WebhookEndpoint| one.id.to_string())))
}

/// Shows an endpoint.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = WebhookEndpointId, Path)), security(("api_key" = ["webhooks.read"])),
    responses((status = 200, body = WebhookEndpoint)))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<WebhookEndpointId>,
) -> Result<Json<WebhookEndpoint>, Problem> {
    let found = super::endpoint(&state.pool, id).await?;
    Ok(Json(found.ok_or_else(|| Problem::new(Code::WebhookEndpointNotFound))?.into()))
}

/// What shall change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookEndpointChange {
    description: Option<Label>,
    types: Option<Vec<String>>,
    /// Whether it gets anything. What waited while it was disabled is sent once it is enabled.
    enabled: Option<bool>,
}

/// Changes an endpoint.
#[utoipa::path(patch, path = "/v1/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = WebhookEndpointId, Path)), request_body = WebhookEndpointChange,
    security(("api_key" = ["webhooks.write"])),
    responses((status = 200, body = WebhookEndpoint)))]
async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<WebhookEndpointId>,
    Body(change): Body<WebhookEndpointChange>,
) -> Result<Json<WebhookEndpoint>, Problem> {
    let WebhookEndpointChange { description, types, enabled } = change;
    let change = UpdateEndpoint { description, types, enabled };
    super::update_endpoint(&state.pool, &caller.context(&state), id, &change).await?;
    let found = super::endpoint(&state.pool, id).await?;
    Ok(Json(found.ok_or_else(|| Problem::new(Code::WebhookEndpointNotFound))?.into()))
}

/// Deletes an endpoint; what was not delivered to it never will be.
#[utoipa::path(delete, path = "/v1/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = WebhookEndpointId, Path)), security(("api_key" = ["webhooks.write"])),
    responses((status = 204)))]
async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<WebhookEndpointId>,
) -> Result<StatusCode, Problem> {
    super::delete_endpoint(&state.pool, &caller.context(&state), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How the secret is changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// For how many hours the old secret signs beside the new one.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 720, default = 24)]
    keep_hours: u16,
}

const fn a_day() -> u16 {
    24
}

/// A secret that was made.
#[derive(Debug, Serialize, ToSchema)]
struct NewSecret {
    /// It is shown this once.
    secret: String,
}

/// Gives an endpoint another secret.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/secret", tag = "webhooks",
    params(("id" = WebhookEndpointId, Path)), request_body = Rotation,
    security(("api_key" = ["webhooks.write"])),
    responses((status = 201, body = NewSecret)))]
async fn rotate(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<WebhookEndpointId>,
    Body(rotation): Body<Rotation>,
) -> Result<(StatusCode, Json<NewSecret>), Problem> {
    let keep = TimeDelta::hours(i64::from(rotation.keep_hours.min(720)));
    let secret = super::rotate_secret(&state.pool, &caller.context(&state), id, keep).await?;
    Ok((StatusCode::CREATED, Json(NewSecret { secret: secret.reveal() })))
}

/// One event for one endpoint.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookDelivery {
    id: WebhookDeliveryId,
    event: EventId,
    r#type: String,
    state: DeliveryState,
    attempts: i32,
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DeliveryQuery {
    /// Only those in this state.
    state: Option<DeliveryState>,
    /// The `next` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
}

/// Lists the deliveries of an endpoint, the newest first, fifty at a time.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}/deliveries", tag = "webhooks",
    params(("id" = WebhookEndpointId, Path), DeliveryQuery),
    security(("api_key" = ["webhooks.read"])),
    responses((status = 200, body = Page<WebhookDelivery>)))]
async fn deliveries(
    State(state): State<AppState>,
    Segment(id): Segment<WebhookEndpointId>,
    Search(query): Search<DeliveryQuery>,
) -> Result<Json<Page<WebhookDelivery>>, Problem> {
    let page = PageQuery { after: query.after, limit: crate::http::Limit::default() };
    let limit = u32::try_from(page.limit.to_read()).unwrap_or(u32::MAX);
    let all = super::deliveries(&state.pool, id, query.state, page.after()?, limit).await?;
    let all = all
        .into_iter()
        .map(|one| WebhookDelivery {
            id: one.id,
            event: one.event_id,
            r#type: one.kind,
            state: one.state,
            attempts: one.attempts,
            next_attempt_at: one.next_attempt_at,
            created_at: one.created_at,
            closed_at: one.closed_at,
        })
        .collect();
    Ok(Json(Page::of(all, page.limit, |one: &WebhookDelivery| one.id.to_string())))
}

/// One try.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookAttempt {
    number: i32,
    at: DateTime<Utc>,
    duration_ms: i32,
    response_status: Option<i16>,
    error: Option<String>,
}

/// Lists the attempts of a delivery, at most twenty.
#[utoipa::path(get, path = "/v1/webhook-deliveries/{id}/attempts", tag = "webhooks",
    params(("id" = WebhookDeliveryId, Path)), security(("api_key" = ["webhooks.read"])),
    responses((status = 200, body = Vec<WebhookAttempt>)))]
async fn delivery_attempts(
    State(state): State<AppState>,
    Segment(id): Segment<WebhookDeliveryId>,
) -> Result<Json<Vec<WebhookAttempt>>, Problem> {
    let attempts = super::attempts(&state.pool, id).await?.into_iter();
    let attempts = attempts.map(|one| WebhookAttempt {
        number: one.number,
        at: one.at,
        duration_ms: one.duration_ms,
        response_status: one.response_status,
        error: one.error,
    });
    Ok(Json(attempts.collect()))
}

/// Tries a delivery again now, also one that was given up.
#[utoipa::path(post, path = "/v1/webhook-deliveries/{id}/redeliver", tag = "webhooks",
    params(("id" = WebhookDeliveryId, Path)), security(("api_key" = ["webhooks.write"])),
    responses((status = 202)))]
async fn redeliver(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<WebhookDeliveryId>,
) -> Result<StatusCode, Problem> {
    super::redeliver(&state.pool, &caller.context(&state), id).await?;
    Ok(StatusCode::ACCEPTED)
}
