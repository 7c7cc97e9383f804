//! A new cart.

use chrono::TimeDelta;
use sqlx::PgPool;

use super::SessionToken;
use super::access::LIFE_DAYS;
use super::events::CartCreated;
use super::session::SESSION_LIFE;
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event::{Event as _, payload};
use crate::id::{CartId, CartSessionId, CustomerId, EventId};
use crate::money::Currency;
use crate::value::Slug;

/// The cart that is wanted.
#[derive(Debug, Clone)]
pub struct Create {
    /// Whose; none for a guest.
    pub customer: Option<CustomerId>,
    /// What its prices are in.
    pub currency: Currency,
    /// Whether its prices include tax.
    pub tax_included: bool,
    /// The list its prices are from.
    pub price_list: Slug,
}

/// A cart and the first session for it.
#[derive(Debug, Clone)]
pub struct Created {
    /// The cart.
    pub cart: CartId,
    /// The token by which its owner comes back to it.
    pub session: SessionToken,
}

/// Why there is no new cart.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The customer has one, active or in checkout.
    #[error("the customer has a cart already")]
    HasOne,
    /// There is no such customer, or not any more.
    #[error("there is no such customer")]
    NoSuchCustomer,
    /// There is no such price list.
    #[error("there is no such price list")]
    NoSuchPriceList,
    /// The currency is not one of the shop's.
    #[error("the shop does not sell in this currency")]
    UnknownCurrency,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreateError {
    "cart_one_active_per_customer" => CreateError::HasOne,
    "cart_of_a_customer" => CreateError::NoSuchCustomer,
    "cart_of_a_live_customer" => CreateError::NoSuchCustomer,
    "cart_priced_by_a_list" => CreateError::NoSuchPriceList,
    "cart_in_a_currency" => CreateError::UnknownCurrency,
});

/// Makes an empty cart with a session.
///
/// # Errors
/// See [`CreateError`].
pub async fn create(
    pool: &PgPool,
    context: &Context,
    request: Create,
) -> Result<Created, CreateError> {
    let cart: CartId = context.id();
    let now = context.now();
    let days = if request.customer.is_some() { LIFE_DAYS.1 } else { LIFE_DAYS.0 };
    let made = CartCreated { cart, customer: request.customer, currency: request.currency };
    let session = SessionToken::random();
    let (told, told_as) = (context.id::<EventId>(), payload(&made)?);
    crate::alone!(pool, CreateError, |connection| {
        sqlx::query(CREATE)
            .bind(cart)
            .bind(request.customer)
            .bind(request.currency)
            .bind(request.tax_included)
            .bind(&request.price_list)
            .bind(now)
            .bind(now + TimeDelta::days(i64::from(days)))
            .bind(context.id::<CartSessionId>())
            .bind(session.digest())
            .bind(now + SESSION_LIFE)
            .bind(told)
            .bind(CartCreated::TYPE)
            .bind(CartCreated::VERSION)
            .bind(&told_as)
            .execute(&mut *connection)
            .await?;
        Ok(Created { cart, session: session.clone() })
    })
}

const CREATE: &str = "
    WITH made AS (
        INSERT INTO cart (id, customer_id, currency, tax_included, price_list, created_at,
                          expires_at, event_seq)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
    ), opened AS (
        INSERT INTO cart_session (id, cart_id, token_hash, created_at, expires_at)
        VALUES ($8, $1, $9, $6, $10)
    )
    INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at)
    VALUES ($11, 'cart', $1, 1, $12, $13, $14, $6)";
