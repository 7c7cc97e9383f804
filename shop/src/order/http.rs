//! `/v1/orders`: placing, showing and cancelling them.

mod parcels;
mod returns;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    Cancel, CancelError, OrderRefusal, OrderState, OwedError, OwedUnits, Place, PlaceError, Units,
    UnitsRefusal, ViewError, cancel_within, owed, place_within, view,
};
use crate::cart::CartRequest;
use crate::customer::Email;
use crate::customer::http::Address;
use crate::http::idempotency::{Answer, Keyed, once};
use crate::http::{AppState, Caller, Code, Page, PageQuery, Problem, Search, Segment, problems};
use crate::id::{CartId, CustomerId, OrderId, OrderLineId, VariantId};
use crate::money::Money;
use crate::pricing::{Destination, Policy};
use crate::value::{Country, Label, Quantity, Slug};

problems!(CancelError {} inside Order, Units);
problems!(OwedError {} inside Order);
problems!(ViewError {} inside Order);

impl From<OrderRefusal> for Problem {
    fn from(refusal: OrderRefusal) -> Self {
        match refusal {
            OrderRefusal::NotFound | OrderRefusal::Foreign => Self::new(Code::OrderNotFound),
            OrderRefusal::State(state) => {
                Self::new(Code::OrderState).with("state", state).saying(refusal)
            }
        }
    }
}

impl From<UnitsRefusal> for Problem {
    fn from(refusal: UnitsRefusal) -> Self {
        Self::new(match refusal {
            UnitsRefusal::None => Code::NoUnits,
            UnitsRefusal::NotInOrder(_) => Code::OrderLineNotFound,
            UnitsRefusal::Twice(_) => Code::LineTwice,
            UnitsRefusal::TooMany { .. } => Code::TooManyUnits,
        })
        .saying(refusal)
    }
}

impl From<PlaceError> for Problem {
    fn from(error: PlaceError) -> Self {
        use PlaceError as E;
        let code = match &error {
            E::CartEmpty => Code::CartEmpty,
            E::PricesExpired => Code::PricesExpired,
            E::PriceChanged { .. } => Code::TotalChanged,
            E::HoldExpired { .. } => Code::HoldExpired,
            E::OutOfStock => Code::OutOfStock,
            E::VoucherUsedUp => Code::VoucherUsedUp,
            E::VoucherUsedUpByCustomer => Code::VoucherUsedUpByCustomer,
            E::VoucherNeedsCustomer => Code::VoucherNeedsCustomer,
            E::ShippingUnavailable { .. } => Code::ShippingUnavailable,
            E::NotSoldThere { .. } => Code::NotSoldThere,
            E::AddressElsewhere => Code::AddressElsewhere,
            E::NoContact => Code::ContactMissing,
            E::Money(_) => Code::AmountOutOfRange,
            E::Cart(_) | E::Database(_) => Code::Internal,
        };
        match error {
            E::Cart(refusal) => refusal.into(),
            E::Database(error) => error.into(),
            E::PriceChanged { shown, now } => Self::new(code).with("shown", shown).with("now", now),
            E::HoldExpired { variant } => Self::new(code).with("variant", variant),
            error => Self::new(code).saying(error),
        }
    }
}

/// The routes of orders.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(show))
        .routes(routes!(call_off))
        .routes(routes!(show_owed))
        .merge(parcels::routes())
        .merge(returns::routes())
}

/// Makes sure that an order came from the cart of a shopper; a key sees every order.
pub(crate) async fn admit(pool: &PgPool, caller: &Caller, order: OrderId) -> Result<(), Problem> {
    let Caller::Shopper(_, session) = caller else { return Ok(()) };
    let theirs: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM orders JOIN cart_session USING (cart_id)
                         WHERE orders.id = $1 AND cart_session.id = $2)",
    )
    .bind(order)
    .bind(session)
    .fetch_one(pool)
    .await?;
    if theirs { Ok(()) } else { Err(Problem::new(Code::OrderNotFound)) }
}

/// An order to be placed, from a cart in checkout.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrder {
    cart: CartId,
    /// Needed unless the cart is a customer's.
    email: Option<Email>,
    /// Where it is taxed and sent to.
    country: Country,
    /// The subdivision of the country, of ISO 3166-2 without the country.
    #[schema(max_length = 10)]
    region: Option<Slug>,
    shipping_address: Option<Address>,
    billing_address: Option<Address>,
    shipping_method: Option<Slug>,
    /// Whether the total is rounded to what can be paid in coins.
    #[serde(default)]
    payment_is_cash: bool,
    /// The total that the customer was shown; any other is refused.
    expected_total: Option<Money>,
}

/// An order that was placed.
#[derive(Debug, Serialize, ToSchema)]
struct Placed {
    id: OrderId,
    number: i64,
    state: OrderState,
    total: Money,
    lines: Vec<PlacedLine>,
}

/// A line of it.
#[derive(Debug, Serialize, ToSchema)]
struct PlacedLine {
    id: OrderLineId,
    variant: VariantId,
    quantity: Quantity,
    total: Money,
}

/// Places an order: its stock is promised, its vouchers are used.
#[utoipa::path(post, path = "/v1/orders", tag = "orders", request_body = NewOrder,
    params(("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"]), ("cart_token" = [])),
    responses((status = 201, body = Placed)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Keyed { body, claim }: Keyed<NewOrder>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let request = Place {
        cart: CartRequest { cart: body.cart, shopper: caller.shopper(), version: None },
        email: body.email,
        destination: Destination {
            country: body.country,
            region: body.region.map(|region| region.to_string()),
        },
        shipping_address: body.shipping_address.map(Into::into),
        billing_address: body.billing_address.map(Into::into),
        shipping_method: body.shipping_method,
        payment_is_cash: body.payment_is_cash,
        expected_total: body.expected_total,
        policy: Policy::default(),
    };
    once!(state, &context, claim, |connection| {
        let placed = place_within(connection, &context, &request).await?;
        let lines = placed.quote.lines.iter().zip(&placed.lines);
        let line = |(line, &id): (&crate::pricing::QuotedLine, &OrderLineId)| PlacedLine {
            id,
            variant: line.variant,
            quantity: line.quantity,
            total: line.total,
        };
        Answer::made(&Placed {
            id: placed.order,
            number: placed.number,
            state: placed.state,
            total: placed.quote.totals.grand_total,
            lines: lines.map(line).collect(),
        })
    })
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
struct Order {
    id: OrderId,
    number: i64,
    state: OrderState,
    customer: Option<CustomerId>,
    placed_at: DateTime<Utc>,
    total: Money,
    lines: Vec<OrderLine>,
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
struct OrderLine {
    id: OrderLineId,
    variant: VariantId,
    sku: String,
    title: String,
    quantity: i32,
    unit_price: Money,
    total: Money,
    fulfilled: i32,
    cancelled: i32,
    returned: i32,
    refunded: Money,
}

/// Shows an order with its lines.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "orders", params(("id" = OrderId, Path)),
    security(("api_key" = ["orders.read"]), ("cart_token" = [])),
    responses((status = 200, body = Order)))]
async fn show(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<OrderId>,
) -> Result<Json<Order>, Problem> {
    admit(&state.pool, &caller, id).await?;
    let order = view(&state.pool, id, None).await?;
    let line = |line: super::OrderLine| OrderLine {
        id: line.line,
        variant: line.variant,
        sku: line.sku,
        title: line.title,
        quantity: line.quantity,
        unit_price: line.unit_price,
        total: line.total,
        fulfilled: line.fulfilled,
        cancelled: line.cancelled,
        returned: line.returned,
        refunded: line.refunded,
    };
    Ok(Json(Order {
        id: order.order,
        number: order.number,
        state: order.state,
        customer: order.customer,
        placed_at: order.placed_at,
        total: order.total,
        lines: order.lines.into_iter().map(line).collect(),
    }))
}

/// An order in a list.
#[derive(Debug, Serialize, ToSchema)]
struct OrderSummary {
    id: OrderId,
    number: i64,
    state: OrderState,
    customer: Option<CustomerId>,
    placed_at: DateTime<Utc>,
    total: Money,
}

/// Lists orders, the oldest first.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(PageQuery),
    security(("api_key" = ["orders.read"])),
    responses((status = 200, body = Page<OrderSummary>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<OrderSummary>>, Problem> {
    type Row =
        (OrderId, i64, OrderState, Option<CustomerId>, DateTime<Utc>, i64, crate::money::Currency);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, number, state::text, customer_id, placed_at, grand_total::bigint,
                currency::text
           FROM orders WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
    )
    .bind(page.after::<OrderId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let order = |(id, number, state, customer, placed_at, minor, currency): Row| {
        let total = crate::http::stored_money(minor, currency)?;
        Ok(OrderSummary { id, number, state, customer, placed_at, total })
    };
    let orders = rows.into_iter().map(order).collect::<Result<_, Problem>>()?;
    Ok(Json(Page::of(orders, page.limit, |order: &OrderSummary| order.id.to_string())))
}

/// Units of a line.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LineUnits {
    line: OrderLineId,
    quantity: Quantity,
}

fn units(units: Vec<LineUnits>) -> Vec<Units> {
    units.into_iter().map(|LineUnits { line, quantity }| Units { line, quantity }).collect()
}

/// Units of a line and what they are worth.
#[derive(Debug, Serialize, ToSchema)]
struct Worth {
    line: OrderLineId,
    quantity: Quantity,
    amount: Money,
}

fn worth(units: Vec<OwedUnits>) -> Vec<Worth> {
    let worth = |OwedUnits { line, quantity, amount }| Worth { line, quantity, amount };
    units.into_iter().map(worth).collect()
}

/// What shall be cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCancellation {
    /// None: the whole order.
    #[schema(max_items = 1000)]
    units: Option<Vec<LineUnits>>,
    reason: Label,
}

/// What was cancelled.
#[derive(Debug, Serialize, ToSchema)]
struct Cancellation {
    state: OrderState,
    units: Vec<Worth>,
    /// Shipping and rounding, once nothing will be delivered.
    extras: Money,
    /// What must go back to the customer, as far as it was paid.
    money_back: Money,
}

/// Cancels an order before anything has left, or units of it that have not.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "orders",
    request_body = NewCancellation,
    params(("id" = OrderId, Path), ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["orders.write"])),
    responses((status = 200, body = Cancellation)))]
async fn call_off(
    State(state): State<AppState>,
    caller: Caller,
    Segment(order): Segment<OrderId>,
    Keyed { body, claim }: Keyed<NewCancellation>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let NewCancellation { units: wanted, reason } = body;
    let request = Cancel { order, customer: None, units: wanted.map(units), reason };
    once!(state, &context, claim, |connection| {
        let done = cancel_within(connection, &context, &request).await?;
        Answer::done(&Cancellation {
            state: done.state,
            units: worth(done.units),
            extras: done.extras,
            money_back: done.money_back,
        })
    })
}

/// What must go back to the customer for what will not be delivered or came back.
#[derive(Debug, Serialize, ToSchema)]
struct Owed {
    lines: Vec<OwedLine>,
    extras: Money,
}

/// What is owed of a line.
#[derive(Debug, Serialize, ToSchema)]
struct OwedLine {
    line: OrderLineId,
    amount: Money,
}

/// Says what must go back to the customer.
#[utoipa::path(get, path = "/v1/orders/{id}/owed", tag = "orders",
    params(("id" = OrderId, Path)), security(("api_key" = ["orders.read"])),
    responses((status = 200, body = Owed)))]
async fn show_owed(
    State(state): State<AppState>,
    Segment(id): Segment<OrderId>,
) -> Result<Json<Owed>, Problem> {
    let owed = owed(&state.pool, id).await?;
    let line = |line: super::OwedLine| OwedLine { line: line.line, amount: line.amount };
    Ok(Json(Owed { lines: owed.lines.into_iter().map(line).collect(), extras: owed.extras }))
}
