//! `/v1/reservations`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::cart::{CartRequest, CartState, HOLD_LIFE, lock_for_order};
use crate::context::Context;
use crate::http::idempotency::{Answer, Claim, Keyed, once};
use crate::http::{AppState, Caller, Code, Page, PageQuery, Problem, Search, Segment, problems};
use crate::id::{CartId, LocationId, OrderLineId, ReservationId, VariantId};
use crate::inventory::{
    HoldError, HoldLine, HotHold, HotHoldError, ReleaseError, ReservationState, Strategy, hold,
    release,
};
use crate::value::Quantity;

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Self {
        use HoldError as E;
        match error {
            E::OutOfStock { variant, wanted, available } => Self::new(Code::OutOfStock)
                .with("variant", variant)
                .with("wanted", wanted)
                .with("available", available),
            E::VariantNotFound { variant } => {
                Self::new(Code::VariantUnknown).with("variant", variant)
            }
            E::NotInCart => Self::new(Code::CartLineNotFound),
            E::AlreadyHeld => Self::new(Code::AlreadyHeld),
            E::VariantTwice { .. } => Self::new(Code::LineTwice),
            E::UntilPast => Self::new(Code::TimeInThePast),
            E::Database(error) => error.into(),
        }
    }
}

impl From<HotHoldError> for Problem {
    fn from(error: HotHoldError) -> Self {
        use HotHoldError as E;
        match error {
            E::OutOfStock { available } => Self::new(Code::OutOfStock).with("available", available),
            E::LevelNotFound => Self::new(Code::StockLevelNotFound),
            E::NotInCart => Self::new(Code::CartLineNotFound),
            E::CartNotOpen => Self::new(Code::CartNotOpen),
            E::AlreadyHeld => Self::new(Code::AlreadyHeld),
            E::UntilPast => Self::new(Code::TimeInThePast),
            E::KeyUsed => Self::new(Code::IdempotencyKeyReused),
            E::Failed(_) => Self::new(Code::Unavailable).retry_after(1),
        }
    }
}

problems!(ReleaseError {
    E::NotFound => ReservationNotFound,
    E::NotHeld { .. } => ReservationNotHeld,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(show, give_back))
}

/// Stock to hold for a line of a cart.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReservation {
    cart: CartId,
    variant: VariantId,
    quantity: Quantity,
    /// Where. Holds of one variant at one location are written together, many at once; without it
    /// the location with the most is chosen.
    location: Option<LocationId>,
    /// Until when; 15 minutes when absent.
    until: Option<DateTime<Utc>>,
}

/// A claim on stock.
#[derive(Debug, Serialize, ToSchema)]
struct Reservation {
    id: ReservationId,
    cart: Option<CartId>,
    variant: VariantId,
    location: LocationId,
    order_line: Option<OrderLineId>,
    quantity: Quantity,
    state: ReservationState,
    expires_at: DateTime<Utc>,
}

impl From<crate::inventory::Reservation> for Reservation {
    fn from(held: crate::inventory::Reservation) -> Self {
        Self {
            id: held.id,
            cart: held.cart,
            variant: held.variant,
            location: held.location,
            order_line: held.order_line,
            quantity: held.quantity,
            state: held.state,
            expires_at: held.expires_at,
        }
    }
}

/// What was held; of several locations where the strategy splits.
#[derive(Debug, Serialize, ToSchema)]
struct Held {
    data: Vec<Reservation>,
}

/// Holds stock for a line of a cart.
///
/// With a `location`, a line is held there once by nature: the same request under another key finds
/// the hold that stands.
#[utoipa::path(post, path = "/v1/reservations", tag = "stock", request_body = NewReservation,
    params(("Idempotency-Key" = String, Header)),
    security(("api_key" = ["stock.write"])),
    responses((status = 201, body = Held)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Keyed { body, claim }: Keyed<NewReservation>,
) -> Result<Response, Problem> {
    let context = caller.context(&state);
    let NewReservation { cart, variant, quantity, location, until } = body;
    let until = until.unwrap_or_else(|| context.now() + HOLD_LIFE);
    if let Some(location) = location {
        let wanted = HotHold { location, variant, cart, quantity, until };
        return hold_there(&state, &context, &claim, wanted).await;
    }
    let lines = [HoldLine { variant, quantity }];
    let answer = once!(state, &context, claim, |connection| {
        // A cart that becomes an order meanwhile would hold stock that nobody gives back.
        let open = [CartState::Active, CartState::Checkout];
        lock_for_order::<Problem>(connection, &context, &CartRequest::by_shop(cart), &open).await?;
        let held = hold(connection, &context, cart, &lines, Strategy::MostStock, until).await?;
        Answer::made(&Held { data: held.into_iter().map(Reservation::from).collect() })
    })?;
    Ok(answer.into_response())
}

fn body_of(held: &crate::inventory::Reservation) -> serde_json::Result<String> {
    serde_json::to_string(&Held { data: vec![held.clone().into()] })
}

/// Holds at one location, many at once; the key is written with the hold.
async fn hold_there(
    state: &AppState,
    context: &Context,
    claim: &Claim,
    wanted: HotHold,
) -> Result<Response, Problem> {
    // Once more where the key was used so long ago that it may be used again.
    for _ in 0..2 {
        let key = claim.for_hold(context, body_of);
        match state.hot.hold_once(wanted, Some(key)).await {
            Ok(held) => {
                let data = vec![Reservation::from(held)];
                return Ok((StatusCode::CREATED, Json(Held { data })).into_response());
            }
            Err(HotHoldError::AlreadyHeld) => {
                if let Some(answer) = claim.answered(&state.pool, context).await? {
                    return Ok(answer.into_response());
                }
                let data = vec![standing(state, wanted).await?];
                return Ok((StatusCode::CREATED, Json(Held { data })).into_response());
            }
            Err(HotHoldError::KeyUsed) => {
                if let Some(answer) = claim.answered(&state.pool, context).await? {
                    return Ok(answer.into_response());
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::new(Code::RequestInProgress).retry_after(1))
}

macro_rules! columns {
    () => {
        "SELECT id, cart_id, variant_id, location_id, order_line_id, quantity::int, state::text,
                expires_at FROM reservation"
    };
}

type Row = (
    ReservationId,
    Option<CartId>,
    VariantId,
    LocationId,
    Option<OrderLineId>,
    Quantity,
    ReservationState,
    DateTime<Utc>,
);

fn reservation(row: Row) -> Reservation {
    let (id, cart, variant, location, order_line, quantity, state, expires_at) = row;
    Reservation { id, cart, variant, location, order_line, quantity, state, expires_at }
}

/// The hold that stands, if it is of as many.
async fn standing(state: &AppState, wanted: HotHold) -> Result<Reservation, Problem> {
    let row: Option<Row> = sqlx::query_as(concat!(
        columns!(),
        " WHERE cart_id = $1 AND variant_id = $2 AND location_id = $3 AND quantity = $4
            AND state = 'active'"
    ))
    .bind(wanted.cart)
    .bind(wanted.variant)
    .bind(wanted.location)
    .bind(wanted.quantity)
    .fetch_optional(&state.pool)
    .await?;
    row.map(reservation).ok_or_else(|| Problem::new(Code::AlreadyHeld))
}

/// Lists reservations, the oldest first.
#[utoipa::path(get, path = "/v1/reservations", tag = "stock", params(PageQuery),
    security(("api_key" = ["stock.read"])),
    responses((status = 200, body = Page<Reservation>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Reservation>>, Problem> {
    let rows: Vec<Row> = sqlx::query_as(concat!(
        columns!(),
        " WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2"
    ))
    .bind(page.after::<ReservationId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let all = rows.into_iter().map(reservation).collect();
    Ok(Json(Page::of(all, page.limit, |one: &Reservation| one.id.to_string())))
}

/// Shows a reservation.
#[utoipa::path(get, path = "/v1/reservations/{id}", tag = "stock",
    params(("id" = ReservationId, Path)), security(("api_key" = ["stock.read"])),
    responses((status = 200, body = Reservation)))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<ReservationId>,
) -> Result<Json<Reservation>, Problem> {
    let row: Option<Row> = sqlx::query_as(concat!(columns!(), " WHERE id = $1"))
        .bind(id)
        .fetch_optional(&state.pool)
        .await?;
    Ok(Json(reservation(row.ok_or_else(|| Problem::new(Code::ReservationNotFound))?)))
}

/// Gives held stock back.
#[utoipa::path(delete, path = "/v1/reservations/{id}", tag = "stock",
    params(("id" = ReservationId, Path)), security(("api_key" = ["stock.write"])),
    responses((status = 200, body = Reservation)))]
async fn give_back(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<ReservationId>,
) -> Result<Json<Reservation>, Problem> {
    let context = caller.context(&state);
    let held = crate::transact!(&state.pool, Problem, |connection| {
        Ok(release(connection, &context, id, "asked for").await?)
    })?;
    Ok(Json(held.into()))
}
