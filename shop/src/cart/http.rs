//! `/v1/carts`: what a shopper does with the token of a cart, and the shop with a key.

mod lines;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    AbandonError, BeginCheckoutError, CartRefusal, CartRequest, CartState, CartView, Create,
    CreateError, LeaveCheckoutError, LeftReason, LogInError, OpenSessionError, RepriceError,
    SessionError, SessionToken, ViewError, abandon, begin_checkout_within, create, leave_checkout,
    log_in, open_session, reprice, view,
};
use crate::http::idempotency::{Answer, Keyed, once};
use crate::http::{
    AppState, Body, Caller, Code, Page, PageQuery, Problem, Search, Seen, Segment, Tag, problems,
};
use crate::id::{CartId, CustomerId, PriceId, ReservationId, VariantId, VoucherId};
use crate::inventory::Strategy;
use crate::money::{Currency, Money};
use crate::value::{Country, Quantity, Slug};

impl From<CartRefusal> for Problem {
    fn from(refusal: CartRefusal) -> Self {
        let problem = Self::new(match refusal {
            // Whose it is, is nobody else's business: it might as well not exist.
            CartRefusal::NotFound | CartRefusal::Foreign => return Self::new(Code::CartNotFound),
            CartRefusal::Expired => Code::CartExpired,
            CartRefusal::State(_) => Code::CartNotOpen,
            CartRefusal::Changed { .. } => Code::VersionMismatch,
        });
        match refusal {
            CartRefusal::State(state) => problem.with("state", state).saying(refusal),
            refusal => problem.saying(refusal),
        }
    }
}

impl From<BeginCheckoutError> for Problem {
    fn from(error: BeginCheckoutError) -> Self {
        use BeginCheckoutError as E;
        match error {
            E::Cart(refusal) => refusal.into(),
            E::Stock(error) => error.into(),
            E::Database(error) => error.into(),
            E::Empty => Self::new(Code::CartEmpty),
            E::PricesChanged(changes) => {
                let changes: Vec<_> = changes.into_iter().map(PriceChange::from).collect();
                Self::new(Code::PricesChanged).with("changes", changes)
            }
            E::OutOfStock { variant, wanted, available } => Self::new(Code::OutOfStock)
                .with("variant", variant)
                .with("wanted", wanted)
                .with("available", available),
        }
    }
}

problems!(ViewError {} inside Cart);
problems!(AbandonError {} inside Cart);
problems!(LeaveCheckoutError {} inside Cart);
problems!(RepriceError {} inside Cart);
problems!(OpenSessionError { E::NotFound => CartNotFound });
problems!(SessionError {
    E::NotFound | E::Expired | E::Revoked => CartSessionInvalid,
});
problems!(CreateError {
    E::HasOne => CartAlreadyOpen,
    E::NoSuchCustomer => CustomerUnknown,
    E::NoSuchPriceList => PriceListUnknown,
    E::UnknownCurrency => CurrencyUnknown,
});
problems!(LogInError {
    E::NoSuchCustomer => CustomerUnknown,
    E::Foreign => CartNotFound,
    E::State(_) | E::InCheckout => CartNotOpen,
    E::Overtaken => Busy,
} inside Session);

/// The routes of carts.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(show, give_up))
        .routes(routes!(price_anew))
        .routes(routes!(check_out, leave))
        .routes(routes!(add_session))
        .routes(routes!(log_a_customer_in))
        .merge(lines::routes())
}

/// What somebody asks of a cart.
fn request(caller: &Caller, cart: CartId, seen: Seen) -> CartRequest {
    CartRequest { cart, shopper: caller.shopper(), version: seen.0 }
}

/// A cart.
#[derive(Debug, Serialize, ToSchema)]
struct Cart {
    id: CartId,
    customer: Option<CustomerId>,
    state: CartState,
    currency: Currency,
    tax_included: bool,
    version: i64,
    expires_at: DateTime<Utc>,
    prices_expire_at: Option<DateTime<Utc>>,
    lines: Vec<CartLine>,
    vouchers: Vec<VoucherId>,
}

/// A line of a cart.
#[derive(Debug, Serialize, ToSchema)]
struct CartLine {
    variant: VariantId,
    quantity: Quantity,
    unit_price: Money,
    price: PriceId,
}

impl From<CartView> for Cart {
    fn from(view: CartView) -> Self {
        let line = |line: super::CartLine| {
            let super::CartLine { variant, quantity, unit_price, price } = line;
            CartLine { variant, quantity, unit_price, price }
        };
        Self {
            id: view.cart,
            customer: view.customer,
            state: view.state,
            currency: view.currency,
            tax_included: view.tax_included,
            version: view.version,
            expires_at: view.expires_at,
            prices_expire_at: view.prices_expire_at,
            lines: view.lines.into_iter().map(line).collect(),
            vouchers: view.vouchers,
        }
    }
}

/// A cart to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCart {
    /// Whose; none for a guest's.
    customer: Option<CustomerId>,
    currency: Currency,
    tax_included: bool,
    #[serde(default = "default_list")]
    #[schema(value_type = Option<Slug>)]
    price_list: Option<Slug>,
}

fn default_list() -> Option<Slug> {
    "default".parse().ok()
}

/// A cart that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeCart {
    id: CartId,
    /// With it a shopper does everything with this cart, and nothing else. Shown once.
    token: String,
}

/// Makes a cart.
#[utoipa::path(post, path = "/v1/carts", tag = "carts", request_body = NewCart,
    security(("api_key" = ["carts.write"])),
    responses((status = 201, body = MadeCart)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewCart>,
) -> Result<(StatusCode, Json<MadeCart>), Problem> {
    let NewCart { customer, currency, tax_included, price_list } = new;
    let price_list = price_list.or_else(default_list);
    let price_list = price_list.ok_or_else(|| Problem::new(Code::PriceListUnknown))?;
    let request = Create { customer, currency, tax_included, price_list };
    let made = create(&state.pool, &caller.context(&state), request).await?;
    let made = MadeCart { id: made.cart, token: made.session.reveal() };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Which carts there are.
#[derive(Debug, Serialize, ToSchema)]
struct CartSummary {
    id: CartId,
    customer: Option<CustomerId>,
    state: CartState,
    currency: Currency,
    version: i64,
    expires_at: DateTime<Utc>,
}

/// Lists carts, the oldest first.
#[utoipa::path(get, path = "/v1/carts", tag = "carts", params(PageQuery),
    security(("api_key" = ["carts.read"])),
    responses((status = 200, body = Page<CartSummary>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<CartSummary>>, Problem> {
    type Row = (CartId, Option<CustomerId>, CartState, Currency, i64, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, customer_id, state::text, currency::text, version, expires_at FROM cart
          WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
    )
    .bind(page.after::<CartId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let cart = |(id, customer, state, currency, version, expires_at): Row| CartSummary {
        id,
        customer,
        state,
        currency,
        version,
        expires_at,
    };
    let carts = rows.into_iter().map(cart).collect();
    Ok(Json(Page::of(carts, page.limit, |cart: &CartSummary| cart.id.to_string())))
}

/// Shows a cart with its lines.
#[utoipa::path(get, path = "/v1/carts/{id}", tag = "carts", params(("id" = CartId, Path)),
    security(("api_key" = ["carts.read"]), ("cart_token" = [])),
    responses((status = 200, body = Cart, headers(("ETag" = String)))))]
async fn show(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<CartId>,
) -> Result<(Tag, Json<Cart>), Problem> {
    let cart = view(&state.pool, &state.context, id, &caller.shopper()).await?;
    Ok((Tag(cart.version), Json(cart.into())))
}

/// Gives a cart up.
#[utoipa::path(delete, path = "/v1/carts/{id}", tag = "carts",
    params(("id" = CartId, Path), Seen),
    security(("api_key" = ["carts.write"]), ("cart_token" = [])),
    responses((status = 204)))]
async fn give_up(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<CartId>,
    seen: Seen,
) -> Result<StatusCode, Problem> {
    abandon(&state.pool, &caller.context(&state), &request(&caller, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A price that is not what it was.
#[derive(Debug, Serialize, ToSchema)]
struct PriceChange {
    variant: VariantId,
    shown: Money,
    /// None: it is no longer for sale.
    now: Option<Money>,
}

impl From<super::PriceChange> for PriceChange {
    fn from(change: super::PriceChange) -> Self {
        Self { variant: change.variant, shown: change.shown, now: change.now }
    }
}

/// A cart with the prices of now.
#[derive(Debug, Serialize, ToSchema)]
struct PricedAnew {
    changes: Vec<PriceChange>,
    until: DateTime<Utc>,
    version: i64,
}

/// Takes the prices of now, and says which have changed.
#[utoipa::path(post, path = "/v1/carts/{id}/reprice", tag = "carts",
    params(("id" = CartId, Path), Seen),
    security(("api_key" = ["carts.write"]), ("cart_token" = [])),
    responses((status = 200, body = PricedAnew, headers(("ETag" = String)))))]
async fn price_anew(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<CartId>,
    seen: Seen,
) -> Result<(Tag, Json<PricedAnew>), Problem> {
    let context = caller.context(&state);
    let priced = reprice(&state.pool, &context, &request(&caller, id, seen)).await?;
    let changes = priced.changes.into_iter().map(PriceChange::from).collect();
    let body = PricedAnew { changes, until: priced.until, version: priced.version };
    Ok((Tag(priced.version), Json(body)))
}

/// How stock is chosen for a checkout.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCheckout {
    /// Where it goes: the nearest location is chosen then. Else the one with the most.
    country: Option<Country>,
    /// Whether a line may come from several locations.
    #[serde(default)]
    split: bool,
}

/// A checkout that was begun.
#[derive(Debug, Serialize, ToSchema)]
struct Checkout {
    /// Until when stock and prices are held.
    until: DateTime<Utc>,
    reservations: Vec<ReservationId>,
    version: i64,
}

/// Begins the checkout: the lines are frozen, their stock and their prices are held.
#[utoipa::path(post, path = "/v1/carts/{id}/checkout", tag = "carts", request_body = NewCheckout,
    params(("id" = CartId, Path), Seen, ("Idempotency-Key" = String, Header)),
    security(("api_key" = ["carts.write"]), ("cart_token" = [])),
    responses((status = 200, body = Checkout, headers(("ETag" = String)))))]
async fn check_out(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<CartId>,
    seen: Seen,
    Keyed { body, claim }: Keyed<NewCheckout>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let request = request(&caller, id, seen);
    let strategy = match (body.country, body.split) {
        (_, true) => Strategy::Split,
        (Some(country), false) => Strategy::Nearest { country },
        (None, false) => Strategy::MostStock,
    };
    once!(state, &context, claim, |connection| {
        let begun = begin_checkout_within(connection, &context, &request, strategy).await?;
        let reservations = begun.reservations.iter().map(|held| held.id).collect();
        let version = begun.version;
        Answer::done(&Checkout { until: begun.until, reservations, version })
            .map(|answer| answer.version(version))
    })
}

/// Leaves the checkout: lines can be changed again, stock is free.
#[utoipa::path(delete, path = "/v1/carts/{id}/checkout", tag = "carts",
    params(("id" = CartId, Path), Seen),
    security(("api_key" = ["carts.write"]), ("cart_token" = [])),
    responses((status = 204, headers(("ETag" = String)))))]
async fn leave(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<CartId>,
    seen: Seen,
) -> Result<(Tag, StatusCode), Problem> {
    let context = caller.context(&state);
    let version = leave_checkout(&state.pool, &context, &request(&caller, id, seen)).await?;
    Ok((Tag(version), StatusCode::NO_CONTENT))
}

/// Gives a further token for a cart.
#[utoipa::path(post, path = "/v1/carts/{id}/sessions", tag = "carts",
    params(("id" = CartId, Path)), security(("api_key" = ["carts.write"])),
    responses((status = 201, body = MadeCart)))]
async fn add_session(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<CartId>,
) -> Result<(StatusCode, Json<MadeCart>), Problem> {
    let mut connection = state.pool.acquire().await?;
    let token = open_session(&mut connection, &caller.context(&state), id).await?;
    Ok((StatusCode::CREATED, Json(MadeCart { id, token: token.reveal() })))
}

/// A guest who says who they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogIn {
    customer: CustomerId,
    /// The token of the guest's cart.
    token: String,
}

/// The cart of a customer who has logged in.
#[derive(Debug, Serialize, ToSchema)]
struct LoggedIn {
    id: CartId,
    token: String,
    /// Whether it was the customer's before, and got the guest's lines.
    merged: bool,
    /// What could not come along.
    left: Vec<LeftBehind>,
    changes: Vec<PriceChange>,
}

/// Units that could not come along.
#[derive(Debug, Serialize, ToSchema)]
struct LeftBehind {
    variant: VariantId,
    quantity: Quantity,
    /// `not_for_sale` or `too_many`.
    reason: &'static str,
}

/// Gives the cart of a guest to a customer, or puts its lines into the one they have.
#[utoipa::path(post, path = "/v1/cart-logins", tag = "carts", request_body = LogIn,
    security(("api_key" = ["carts.write"])),
    responses((status = 200, body = LoggedIn)))]
async fn log_a_customer_in(
    State(state): State<AppState>,
    caller: Caller,
    Body(LogIn { customer, token }): Body<LogIn>,
) -> Result<Json<LoggedIn>, Problem> {
    let token: SessionToken = token.parse().map_err(|_| Problem::new(Code::CartSessionInvalid))?;
    let done = log_in(&state.pool, &caller.context(&state), customer, &token).await?;
    let left = |left: super::LeftBehind| LeftBehind {
        variant: left.variant,
        quantity: left.quantity,
        reason: match left.reason {
            LeftReason::NotForSale => "not_for_sale",
            LeftReason::TooMany => "too_many",
        },
    };
    Ok(Json(LoggedIn {
        id: done.cart,
        token: done.session.reveal(),
        merged: done.merged,
        left: done.left.into_iter().map(left).collect(),
        changes: done.changes.into_iter().map(PriceChange::from).collect(),
    }))
}
