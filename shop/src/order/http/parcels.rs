//! Parcels: `/v1/orders/{id}/fulfilments` and `/v1/fulfilments/{id}`.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{LineUnits, Worth, units, worth};
use crate::http::idempotency::{Answer, Keyed, once};
use crate::http::{AppState, Caller, Page, PageQuery, Problem, Search, Segment, problems};
use crate::id::{FulfilmentId, LocationId, OrderId};
use crate::order::{
    FulfilError, FulfilmentState, OrderState, ParcelError, Shipment, Wanted,
    cancel_fulfilment_within, deliver_within, fulfil_within, lose_within, ship_within,
};
use crate::value::Label;

problems!(FulfilError { E::NoLocation => NoLocation } inside Order, Units);
problems!(ParcelError {
    E::NotFound => FulfilmentNotFound,
    E::State(_) => FulfilmentState,
    E::BeingReturned => UnitsBeingReturned,
    E::OutOfStock => OutOfStock,
} inside Order);

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, pack))
        .routes(routes!(send))
        .routes(routes!(arrive))
        .routes(routes!(lost))
        .routes(routes!(unpack))
}

/// What shall be packed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewParcels {
    /// None: everything that has not left.
    #[schema(max_items = 1000)]
    units: Option<Vec<LineUnits>>,
}

/// A parcel for each location that goods leave from.
#[derive(Debug, Serialize, ToSchema)]
struct Parcels {
    data: Vec<Parcel>,
}

/// A parcel.
#[derive(Debug, Serialize, ToSchema)]
struct Parcel {
    id: FulfilmentId,
    location: LocationId,
    units: Vec<LineUnits>,
}

/// Packs parcels.
#[utoipa::path(post, path = "/v1/orders/{id}/fulfilments", tag = "orders",
    request_body = NewParcels,
    params(("id" = OrderId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 201, body = Parcels)))]
async fn pack(
    State(state): State<AppState>,
    caller: Caller,
    Segment(order): Segment<OrderId>,
    Keyed { body, claim }: Keyed<NewParcels>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let wanted = body.units.map_or(Wanted::Everything, |all| Wanted::Units(units(all)));
    once!(state, &context, claim, |connection| {
        let packed = fulfil_within(connection, &context, order, &wanted).await?;
        let parcel = |parcel: crate::order::Parcel| Parcel {
            id: parcel.fulfilment,
            location: parcel.location,
            units: parcel
                .units
                .into_iter()
                .map(|units| LineUnits { line: units.line, quantity: units.quantity })
                .collect(),
        };
        Answer::made(&Parcels { data: packed.into_iter().map(parcel).collect() })
    })
}

/// A parcel in a list.
#[derive(Debug, Serialize, ToSchema)]
struct ParcelSummary {
    id: FulfilmentId,
    location: LocationId,
    state: FulfilmentState,
    carrier: Option<String>,
    tracking_number: Option<String>,
    created_at: DateTime<Utc>,
}

/// Lists the parcels of an order, the oldest first.
#[utoipa::path(get, path = "/v1/orders/{id}/fulfilments", tag = "orders",
    params(("id" = OrderId, Path), PageQuery), security(("api_key" = ["orders.read"])),
    responses((status = 200, body = Page<ParcelSummary>)))]
async fn list(
    State(state): State<AppState>,
    Segment(order): Segment<OrderId>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<ParcelSummary>>, Problem> {
    type Row =
        (FulfilmentId, LocationId, FulfilmentState, Option<String>, Option<String>, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, location_id, state::text, carrier::text, tracking_number::text, created_at
           FROM fulfilment
          WHERE order_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
    )
    .bind(order)
    .bind(page.after::<FulfilmentId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let parcel = |(id, location, state, carrier, tracking_number, created_at): Row| ParcelSummary {
        id,
        location,
        state,
        carrier,
        tracking_number,
        created_at,
    };
    let parcels = rows.into_iter().map(parcel).collect();
    Ok(Json(Page::of(parcels, page.limit, |parcel: &ParcelSummary| parcel.id.to_string())))
}

/// How a parcel travels.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewShipment {
    carrier: Option<Label>,
    tracking_number: Option<Label>,
}

/// The order of a parcel, after it.
#[derive(Debug, Serialize, ToSchema)]
struct Sent {
    order_state: OrderState,
}

/// Sends a parcel: its stock has left.
#[utoipa::path(post, path = "/v1/fulfilments/{id}/ship", tag = "orders",
    request_body = NewShipment,
    params(("id" = FulfilmentId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = Sent)))]
async fn send(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<FulfilmentId>,
    Keyed { body, claim }: Keyed<NewShipment>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let NewShipment { carrier, tracking_number } = body;
    let shipment = Shipment { carrier, tracking_number };
    once!(state, &context, claim, |connection| {
        let order_state = ship_within(connection, &context, id, &shipment).await?;
        Answer::done(&Sent { order_state })
    })
}

/// A body that says nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Where a parcel or a return is now.
#[derive(Debug, Serialize, ToSchema)]
struct ParcelState {
    state: FulfilmentState,
}

/// A parcel has arrived.
#[utoipa::path(post, path = "/v1/fulfilments/{id}/deliver", tag = "orders",
    request_body = Nothing,
    params(("id" = FulfilmentId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = ParcelState)))]
async fn arrive(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<FulfilmentId>,
    Keyed { claim, .. }: Keyed<Nothing>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        deliver_within(connection, &context, id).await?;
        Answer::done(&ParcelState { state: FulfilmentState::Delivered })
    })
}

/// What a lost parcel was worth.
#[derive(Debug, Serialize, ToSchema)]
struct Lost {
    state: FulfilmentState,
    units: Vec<Worth>,
}

/// A parcel is lost.
#[utoipa::path(post, path = "/v1/fulfilments/{id}/lose", tag = "orders", request_body = Nothing,
    params(("id" = FulfilmentId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = Lost)))]
async fn lost(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<FulfilmentId>,
    Keyed { claim, .. }: Keyed<Nothing>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        let units = worth(lose_within(connection, &context, id).await?);
        Answer::done(&Lost { state: FulfilmentState::Lost, units })
    })
}

/// Unpacks a parcel that has not left.
#[utoipa::path(post, path = "/v1/fulfilments/{id}/cancel", tag = "orders",
    request_body = Nothing,
    params(("id" = FulfilmentId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = ParcelState)))]
async fn unpack(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<FulfilmentId>,
    Keyed { claim, .. }: Keyed<Nothing>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    once!(state, &context, claim, |connection| {
        cancel_fulfilment_within(connection, &context, id).await?;
        Answer::done(&ParcelState { state: FulfilmentState::Cancelled })
    })
}
