//! Login: a guest's cart becomes the customer's, or its lines go into the one they have.
//!
//! Both carts are locked in the order of their ids, and the guest's is claimed by its state: of
//! two logins with the same session one merges, the other finds the session ended.

use sqlx::{PgConnection, PgPool};

use super::access::{Prices, touch};
use super::events::{CartClaimed, CartLinesReceived, CartMerged};
use super::line::{Amount, Outcome, set_lines, stored, units};
use super::price::PriceChange;
use super::session::{OpenSessionError, SessionError, find_by_session, open_session, revoke_all};
use super::{CartState, SessionToken};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{CartId, CustomerId, VariantId};
use crate::inventory;
use crate::machine::Move;
use crate::money::{Currency, Money};
use crate::value::Quantity;

/// What a login came to.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The customer's cart now.
    pub cart: CartId,
    /// The token of a new session for it; those of the guest have ended.
    pub session: SessionToken,
    /// Whether the guest's lines were merged into a cart that the customer had.
    pub merged: bool,
    /// Lines that did not come along.
    pub left: Vec<LeftBehind>,
    /// Lines that cost something else than was shown in either cart.
    pub changes: Vec<PriceChange>,
}

/// A guest's line that could not be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftBehind {
    /// What.
    pub variant: VariantId,
    /// How many.
    pub quantity: Quantity,
    /// Why.
    pub reason: LeftReason,
}

/// Why a line could not be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftReason {
    /// It has no price in the terms of the customer's cart.
    NotForSale,
    /// Together with what is there it is more than a line holds.
    TooMany,
}

/// Why a login left the carts as they were.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The guest's session.
    #[error(transparent)]
    Session(SessionError),
    /// There is no such customer, or not any more.
    #[error("there is no such customer")]
    NoSuchCustomer,
    /// The session is for a cart of another customer.
    #[error("the cart is not theirs")]
    Foreign,
    /// The guest's cart is an order, or was closed.
    #[error("the guest's cart is {0}")]
    State(CartState),
    /// The customer is paying for the cart they have. Finish or leave that first.
    #[error("the customer's cart is in checkout")]
    InCheckout,
    /// Another login of the customer made a cart theirs at the same time.
    #[error("the customer has got a cart at the same time")]
    Overtaken,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(LogInError {
    "cart_one_active_per_customer" => LogInError::Overtaken,
    "cart_of_a_customer" => LogInError::NoSuchCustomer,
    "cart_of_a_live_customer" => LogInError::NoSuchCustomer,
});

impl From<SessionError> for LogInError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Database(error) => Self::Database(error),
            refusal => Self::Session(refusal),
        }
    }
}

impl From<OpenSessionError> for LogInError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Database(error) => Self::Database(error),
            OpenSessionError::NotFound => Self::Session(SessionError::NotFound),
        }
    }
}

/// A customer logs in with a guest's session: the cart of the session becomes theirs, or its lines
/// are added to the cart they have, quantities summed, at the prices of now.
///
/// # Errors
/// See [`LogInError`]; nothing was written then.
pub async fn log_in(
    pool: &PgPool,
    context: &Context,
    customer: CustomerId,
    guest: &SessionToken,
) -> Result<LoggedIn, LogInError> {
    // Whoever overtook has committed a cart, into which the next try merges.
    for _ in 0..3 {
        match try_log_in(pool, context, customer, guest).await {
            Err(LogInError::Overtaken) => {}
            result => return result,
        }
    }
    Err(LogInError::Overtaken)
}

/// A cart of a login, locked.
#[derive(Debug, Clone, Copy)]
struct Party {
    id: CartId,
    customer: Option<CustomerId>,
    state: CartState,
    currency: Currency,
}

const LOCK: &str = "
    SELECT id, customer_id, state::text, currency::text FROM cart
     WHERE id = $1 OR (customer_id = $2 AND state IN ('active', 'checkout'))
     ORDER BY id FOR NO KEY UPDATE";

async fn try_log_in(
    pool: &PgPool,
    context: &Context,
    customer: CustomerId,
    token: &SessionToken,
) -> Result<LoggedIn, LogInError> {
    use CartState::{Active, Checkout};
    crate::transact!(pool, LogInError, |connection| {
        let guest = find_by_session(connection, context, token).await?;
        let rows: Vec<(CartId, Option<CustomerId>, CartState, Currency)> =
            sqlx::query_as(LOCK).bind(guest).bind(customer).fetch_all(&mut *connection).await?;
        let parties = rows.into_iter().map(|(id, customer, state, currency)| Party {
            id,
            customer,
            state,
            currency,
        });
        let (from, into): (Vec<_>, Vec<_>) = parties.partition(|party| party.id == guest);
        let from = from.first().copied().ok_or(LogInError::Session(SessionError::NotFound))?;
        // The wait for the lock may have been for a login with the same session.
        find_by_session(connection, context, token).await?;
        if !matches!(from.state, Active | Checkout) {
            Err(LogInError::State(from.state))?;
        }
        if from.customer.is_some_and(|owner| owner != customer) {
            Err(LogInError::Foreign)?;
        }
        match into.first() {
            Some(into) if into.state == Checkout => Err(LogInError::InCheckout),
            Some(into) => merge(connection, context, from, *into).await,
            None => claim(connection, context, from, customer).await,
        }
    })
}

/// Makes a guest's cart the customer's.
async fn claim(
    connection: &mut PgConnection,
    context: &Context,
    guest: Party,
    customer: CustomerId,
) -> Result<LoggedIn, LogInError> {
    let cart = guest.id;
    if guest.customer.is_none() {
        sqlx::query("UPDATE cart SET customer_id = $2 WHERE id = $1")
            .bind(cart)
            .bind(customer)
            .execute(&mut *connection)
            .await?;
        let event = CartClaimed { cart, customer };
        touch(connection, context, cart, Prices::Untouched, &event).await?;
    }
    revoke_all(connection, context, cart).await?;
    let session = open_session(connection, context, cart).await?;
    Ok(LoggedIn { cart, session, merged: false, left: Vec::new(), changes: Vec::new() })
}

const BOTH: &str = "
    SELECT guest.variant_id, guest.quantity::bigint,
           coalesce(own.unit_price, guest.unit_price)::bigint, own.unit_price IS NOT NULL
      FROM cart_line AS guest
      LEFT JOIN cart_line AS own
        ON own.cart_id = $2 AND own.variant_id = guest.variant_id
     WHERE guest.cart_id = $1 ORDER BY guest.variant_id";

/// Adds the lines of one locked cart to another and closes the one.
async fn merge(
    connection: &mut PgConnection,
    context: &Context,
    from: Party,
    into: Party,
) -> Result<LoggedIn, LogInError> {
    let shown: Vec<(VariantId, i64, i64, bool)> =
        sqlx::query_as(BOTH).bind(from.id).bind(into.id).fetch_all(&mut *connection).await?;
    let wanted: Vec<_> = shown.iter().map(|(variant, units, ..)| (*variant, *units)).collect();
    let outcomes = set_lines(connection, context, into.id, &wanted, Amount::More).await?;
    let mut left = Vec::new();
    let mut changes = Vec::new();
    // Both are in the order of the variants.
    for ((variant, quantity, price, own), outcome) in shown.into_iter().zip(outcomes) {
        let currency = if own { into.currency } else { from.currency };
        match outcome.price(into.currency)? {
            Some(now) => changes.extend(changed(variant, stored(price, currency)?, now)),
            None => left.push(left_behind(variant, units(quantity)?, outcome)),
        }
    }
    sqlx::query(
        "INSERT INTO cart_voucher (cart_id, voucher_id, added_at)
         SELECT $2, voucher_id, added_at FROM cart_voucher WHERE cart_id = $1
             ON CONFLICT ON CONSTRAINT cart_voucher_identity DO NOTHING",
    )
    .bind(from.id)
    .bind(into.id)
    .execute(&mut *connection)
    .await?;
    let event = CartLinesReceived { cart: into.id, from: from.id };
    touch(connection, context, into.id, Prices::Added, &event).await?;
    if from.state == CartState::Checkout {
        inventory::release_cart(connection, context, from.id, "cart merged").await?;
    }
    Move::new(from.id, &[from.state], CartState::Merged)
        .naming("merged_into", into.id)
        .make(connection, context, &CartMerged { cart: from.id, into: into.id })
        .await?
        .ok_or(LogInError::State(from.state))?;
    revoke_all(connection, context, from.id).await?;
    let session = open_session(connection, context, into.id).await?;
    Ok(LoggedIn { cart: into.id, session, merged: true, left, changes })
}

fn changed(variant: VariantId, shown: Money, now: Money) -> Option<PriceChange> {
    (shown != now).then_some(PriceChange { variant, shown, now: Some(now) })
}

fn left_behind(variant: VariantId, quantity: Quantity, outcome: Outcome) -> LeftBehind {
    let reason = if outcome.too_many() { LeftReason::TooMany } else { LeftReason::NotForSale };
    LeftBehind { variant, quantity, reason }
}
