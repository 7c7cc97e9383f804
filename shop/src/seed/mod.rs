//! A believable shop, made through the operations, so that every rule holds in it.
//!
//! In: an empty shop, a size, a number. Out: products with prices and stock at two locations,
//! customers, and a month of orders in every stage. The same number gives the same shop, except
//! that its month ends today.
//!
//! **Invariant**: nothing is written past the operations but what has none: how parcels are sent.

mod dice;
mod sales;
mod shelf;
mod words;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use self::dice::{Dice, Ids, Walk};
use crate::context::{Actor, Context};
use crate::database::DatabaseError;

/// How much of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Products, of one to three variants each.
    pub products: usize,
    /// Customers with an address.
    pub customers: usize,
    /// Orders, each begun as a cart.
    pub orders: usize,
}

impl Size {
    /// Done in seconds.
    pub const SMALL: Self = Self { products: 24, customers: 40, orders: 60 };
    /// Enough to see how a page of lists behaves.
    pub const LARGE: Self = Self { products: 1_000, customers: 5_000, orders: 2_000 };
}

/// What there is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seeded {
    /// Products.
    pub products: usize,
    /// Their variants.
    pub variants: usize,
    /// Customers.
    pub customers: usize,
    /// Orders that were placed.
    pub orders: usize,
    /// Carts that are still open.
    pub carts: usize,
}

/// Why the shop was not filled.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// There is something in it.
    #[error("the shop has products already")]
    NotEmpty,
    /// An operation refused.
    #[error("an operation refused")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl SeedError {
    fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Refused(error.into())
    }
}

/// What all of it is made with.
#[derive(Debug)]
struct Seed<'a> {
    pool: &'a PgPool,
    context: Context,
    clock: Arc<Walk>,
    dice: Dice,
}

/// Fills an empty shop. `told` hears how far it is, now and then.
///
/// # Errors
/// See [`SeedError`]; what was made before stays.
pub async fn seed(
    pool: &PgPool,
    now: DateTime<Utc>,
    size: Size,
    number: u64,
    told: &(dyn Fn(&str) + Sync),
) -> Result<Seeded, SeedError> {
    let filled: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM product)")
        .fetch_one(pool)
        .await
        .map_err(DatabaseError::from)?;
    if filled {
        return Err(SeedError::NotEmpty);
    }
    let begin = now - TimeDelta::days(30);
    let clock = Arc::new(Walk::from(begin));
    let context = Context::new(Arc::<Walk>::clone(&clock), Arc::new(Ids::new(number)))
        .acting(Actor::named("seed"));
    let seed = Seed { pool, context, clock, dice: Dice::new(number) };
    seed.rules().await?;
    told("taxes and shipping");
    let shelf = seed.shelf(size.products).await?;
    told("products, prices and stock");
    let customers = seed.customers(size.customers).await?;
    told("customers");
    let (orders, carts) = seed.month(begin, now, &shelf, &customers, size.orders, told).await?;
    Ok(Seeded {
        products: size.products,
        variants: shelf.len(),
        customers: customers.len(),
        orders,
        carts,
    })
}
