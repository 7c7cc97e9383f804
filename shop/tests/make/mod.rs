//! What tests begin with: a database, a clock and ids of their own, and factories.
//!
//! Factories go through the operations of the domain, so none can make a row that the shop could
//! not; they fail the test with what the operation answered.

#![allow(dead_code, reason = "factories offer what a subject may come to need")]

mod cart;
mod catalog;
mod clock;
mod customer;
mod inventory;
pub mod kill;
mod order;
pub mod payment;
mod pricing;

#[allow(unused_imports, reason = "named by tests that keep a builder")]
pub use cart::{CartBuilder, MadeCart};
pub use clock::TestClock;
#[allow(unused_imports, reason = "named by tests that keep a builder")]
pub use order::{MadeOrder, OrderBuilder};
#[allow(unused_imports, reason = "named by tests that keep a builder")]
pub use pricing::MadeVoucher;

use std::pin::Pin;
use std::sync::Arc;

use proofmark::{FromLease, Lease};
use shop::context::{Actor, Context, IdSource};
use shop::id::Id as _;
use sqlx::PgPool;

/// What a factory gives once it is awaited.
pub type Built<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A database, a clock that stands still until it is moved, and ids in order.
#[derive(Debug, Clone)]
pub struct Make {
    /// The test's own database.
    pub db: PgPool,
    /// Hand it to every operation.
    pub context: Context,
    /// The clock behind the context.
    pub clock: TestClock,
    /// Where the database is, for a test that wants a pool of its own.
    pub lease: Lease,
}

impl FromLease for Make {
    type Error = sqlx::Error;

    async fn from_lease(lease: &Lease) -> Result<Self, Self::Error> {
        let db = PgPool::from_lease(lease).await?;
        let clock = TestClock::default();
        let context = Context::new(Arc::new(clock.clone()), Arc::new(IdsInOrder::default()))
            .acting(Actor::named("test"));
        Ok(Self { db, context, clock, lease: lease.clone() })
    }
}

impl Make {
    /// A name that nothing else of the test has: `prefix-7`.
    pub fn name(&self, prefix: &str) -> String {
        let id: shop::id::EventId = self.context.id();
        let count = u64::from_be_bytes(id.uuid().as_bytes()[8..].try_into().unwrap());
        format!("{prefix}-{}", count & 0xffff_ffff)
    }
}

/// Ids of version 7 whose random part counts: the same test gives the same ids.
#[derive(Debug, Default)]
struct IdsInOrder(std::sync::atomic::AtomicU64);

impl IdSource for IdsInOrder {
    fn next(&self, now: chrono::DateTime<chrono::Utc>) -> uuid::Uuid {
        let count = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&count.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}
