//! Who may do something to a cart, and when.
//!
//! In: a cart, somebody, and what they believe its version to be. Out: the cart's row, locked, or
//! the reason why not.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::{CartState, SessionToken};
use crate::context::Context;
use crate::event::{Event, payload};
use crate::id::{CartId, CustomerId, EventId};
use crate::money::Currency;

/// Who asks something of a cart.
#[derive(Debug, Clone)]
pub enum Shopper {
    /// A customer who is logged in: their own carts.
    Customer(CustomerId),
    /// Whoever has the token of a session: the cart of that session.
    Session(SessionToken),
    /// The shop itself: any cart.
    Shop,
}

/// A cart that somebody wants to work on.
#[derive(Debug, Clone)]
pub struct CartRequest {
    /// Which.
    pub cart: CartId,
    /// Who asks.
    pub shopper: Shopper,
    /// The version they have seen; none to work on whatever it is now.
    pub version: Option<i64>,
}

impl CartRequest {
    /// The shop itself works on a cart, whatever its version.
    pub fn by_shop(cart: CartId) -> Self {
        Self { cart, shopper: Shopper::Shop, version: None }
    }
}

/// Why nothing was done to a cart. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartRefusal {
    /// There is none of this id.
    #[error("there is no such cart")]
    NotFound,
    /// It belongs to somebody else, or the session is over.
    #[error("the cart is not theirs")]
    Foreign,
    /// Its time is over.
    #[error("the cart has expired")]
    Expired,
    /// It is in a state in which this is not possible.
    #[error("the cart is {0}")]
    State(CartState),
    /// It was changed since it was looked at.
    #[error("the cart has changed; its version is {now}")]
    Changed {
        /// Its version.
        now: i64,
    },
}

/// The row of a cart, locked until the transaction ends.
#[derive(Debug, Clone)]
pub(crate) struct LockedCart {
    pub(crate) customer: Option<CustomerId>,
    pub(crate) currency: Currency,
    pub(crate) state: CartState,
    pub(crate) version: i64,
    pub(crate) prices_expire_at: Option<DateTime<Utc>>,
}

impl LockedCart {
    /// Whether the prices of the lines may still be charged as they are.
    pub(crate) fn prices_hold(&self, now: DateTime<Utc>) -> bool {
        self.prices_expire_at.is_some_and(|until| until > now)
    }
}

macro_rules! locked_columns {
    () => {
        "customer_id, currency::text, state::text, version, prices_expire_at, expires_at,
           CASE WHEN $2::uuid IS NOT NULL THEN customer_id IS NOT DISTINCT FROM $2
                WHEN $3::bytea IS NOT NULL THEN EXISTS (
                    SELECT FROM cart_session AS session
                     WHERE session.cart_id = cart.id AND session.token_hash = $3
                       AND session.revoked_at IS NULL AND session.expires_at > $4)
                ELSE true END AS theirs"
    };
}
pub(super) use locked_columns;

const LOCK: &str =
    concat!("SELECT ", locked_columns!(), " FROM cart WHERE id = $1 FOR NO KEY UPDATE");

/// Locks a cart for one who may work on it, in one of `states`.
pub(crate) async fn lock<E>(
    connection: &mut PgConnection,
    context: &Context,
    request: &CartRequest,
    states: &[CartState],
) -> Result<LockedCart, E>
where
    E: From<CartRefusal> + From<sqlx::Error>,
{
    let row = request.bind(sqlx::query(LOCK), context).fetch_optional(connection).await?;
    admit(row.as_ref(), context, request, states)
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

impl CartRequest {
    /// Binds what [`locked_columns`] asks for: the cart, who asks, and the time.
    pub(super) fn bind<'q>(&self, query: Query<'q>, context: &Context) -> Query<'q> {
        let (customer, token) = match &self.shopper {
            Shopper::Customer(customer) => (Some(*customer), None),
            Shopper::Session(token) => (None, Some(token.digest())),
            Shopper::Shop => (None, None),
        };
        query.bind(self.cart).bind(customer).bind(token).bind(context.now())
    }
}

/// Whether they may work on the cart of which these are the [`locked_columns`].
pub(super) fn admit<E>(
    row: Option<&PgRow>,
    context: &Context,
    request: &CartRequest,
    states: &[CartState],
) -> Result<LockedCart, E>
where
    E: From<CartRefusal> + From<sqlx::Error>,
{
    let row = row.ok_or(CartRefusal::NotFound)?;
    let cart = LockedCart {
        customer: row.try_get(0)?,
        currency: row.try_get(1)?,
        state: row.try_get(2)?,
        version: row.try_get(3)?,
        prices_expire_at: row.try_get(4)?,
    };
    let expires_at: DateTime<Utc> = row.try_get(5)?;
    if !row.try_get::<bool, _>(6)? {
        return Err(CartRefusal::Foreign.into());
    }
    if !states.contains(&cart.state) {
        return Err(CartRefusal::State(cart.state).into());
    }
    if expires_at <= context.now() {
        return Err(CartRefusal::Expired.into());
    }
    if request.version.is_some_and(|version| version != cart.version) {
        return Err(CartRefusal::Changed { now: cart.version }.into());
    }
    Ok(cart)
}

const TOUCH: &str = "
    WITH told AS (
        UPDATE cart SET version = version + 1, event_seq = event_seq + 1,
               expires_at = greatest(expires_at,
                   $6 + CASE WHEN customer_id IS NULL THEN $7 ELSE $8 END * interval '1 day'),
               priced_at = CASE WHEN $9::timestamptz IS NULL THEN priced_at
                                ELSE coalesce(CASE WHEN NOT $10 THEN priced_at END, $6) END,
               prices_expire_at = CASE WHEN $9 IS NULL THEN prices_expire_at
                   ELSE coalesce(CASE WHEN NOT $10 THEN prices_expire_at END, $9) END
         WHERE id = $1 RETURNING id, event_seq, version)
    INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at)
    SELECT $2, 'cart', id, event_seq, $3, $4, $5, $6 FROM told
    RETURNING (SELECT version FROM told)";

/// How many days a cart lives from its last change on: a guest's, and a customer's.
pub(crate) const LIFE_DAYS: (i32, i32) = (30, 90);

/// What a change does to the time at which prices expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prices {
    /// Nothing was priced.
    Untouched,
    /// A line was priced: the earliest price decides, so only the first one sets the time.
    Added,
    /// All lines were priced.
    Renewed,
}

/// Notes a change of a locked cart: its version, its new end of life, and the event; gives the
/// version.
pub(crate) async fn touch<E: Event>(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
    prices: Prices,
    event: &E,
) -> Result<i64, sqlx::Error> {
    let now = context.now();
    let until = (prices != Prices::Untouched).then(|| now + super::PRICE_LIFE);
    sqlx::query_scalar(TOUCH)
        .bind(cart)
        .bind(context.id::<EventId>())
        .bind(E::TYPE)
        .bind(E::VERSION)
        .bind(payload(event)?)
        .bind(now)
        .bind(LIFE_DAYS.0)
        .bind(LIFE_DAYS.1)
        .bind(until)
        .bind(prices == Prices::Renewed)
        .fetch_one(connection)
        .await
}
