//! Full checkouts: a cart is made, filled, checked out, placed and paid.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use shop::cart::{self, CartRequest, Shopper};
use shop::context::Context;
use shop::id::VariantId;
use shop::inventory::Strategy;
use shop::money::Currency;
use shop::order::{self, Place, Placed};
use shop::pricing::{Destination, Policy};
use shop::value::{Country, Quantity};
use sqlx::PgPool;

use crate::pay::Till;
use crate::relay::Counts;

/// Lines of a cart.
const LINES: usize = 2;

/// A buyer's whole visit. Each visit takes the next variants of the shelf.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) pool: PgPool,
    pub(crate) context: Context,
    pub(crate) shelf: Arc<Vec<VariantId>>,
    pub(crate) next: Arc<AtomicUsize>,
    pub(crate) till: Till,
}

impl Visit {
    fn variant(&self) -> VariantId {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.shelf[next % self.shelf.len()]
    }

    async fn cart(&self) -> anyhow::Result<CartRequest> {
        let wanted = cart::Create {
            customer: None,
            currency: Currency::EUR,
            tax_included: true,
            price_list: "default".parse()?,
        };
        let made = cart::create(&self.pool, &self.context, wanted).await?;
        let shopper = Shopper::Session(made.session);
        Ok(CartRequest { cart: made.cart, shopper, version: None })
    }

    async fn fill(&self, request: &CartRequest) -> anyhow::Result<()> {
        for _ in 0..LINES {
            let (variant, quantity) = (self.variant(), Quantity::new(1)?);
            cart::add_line(&self.pool, &self.context, request, variant, quantity).await?;
        }
        Ok(())
    }

    async fn place(&self, cart: CartRequest) -> anyhow::Result<Placed> {
        let request = Place {
            cart,
            email: Some("buyer@example.org".parse()?),
            destination: Destination::country(Country::DE),
            shipping_address: None,
            billing_address: None,
            shipping_method: None,
            payment_is_cash: false,
            expected_total: None,
            policy: Policy::default(),
        };
        Ok(order::place(&self.pool, &self.context, &request).await?)
    }

    async fn begin(&self, request: &CartRequest) -> anyhow::Result<()> {
        cart::begin_checkout(&self.pool, &self.context, request, Strategy::MostStock).await?;
        Ok(())
    }

    /// From the empty cart to the paid order.
    pub(crate) async fn whole(&self) -> anyhow::Result<()> {
        let request = self.cart().await?;
        self.fill(&request).await?;
        self.begin(&request).await?;
        let placed = self.place(request).await?;
        self.till.pay(&self.pool, &self.context, &placed).await
    }

    /// The same, counting each part.
    pub(crate) async fn counted(
        &self,
        counts: &Counts,
    ) -> anyhow::Result<Vec<(&'static str, u64, u64)>> {
        let mut parts = Vec::new();
        let mut part = |name| {
            let (statements, round_trips) = counts.take();
            parts.push((name, statements, round_trips));
        };
        counts.take();
        let request = self.cart().await?;
        part("make a cart");
        self.fill(&request).await?;
        part("add two lines");
        self.begin(&request).await?;
        part("begin checkout");
        let placed = self.place(request).await?;
        part("place the order");
        self.till.pay(&self.pool, &self.context, &placed).await?;
        part("pay");
        Ok(parts)
    }
}

/// What a load came to.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) done: usize,
    pub(crate) elapsed: Duration,
    /// Sorted.
    pub(crate) times: Vec<Duration>,
}

impl Load {
    /// The time below which `percent` of the visits stayed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let place = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(place).copied().unwrap_or_default()
    }
}

/// So many clients, each one visit after the other, for a time.
pub(crate) async fn load(visit: &Visit, clients: u32, lasts: Duration) -> anyhow::Result<Load> {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let visit = visit.clone();
        tasks.spawn(async move {
            let mut times = Vec::new();
            while begun.elapsed() < lasts {
                let one = Instant::now();
                visit.whole().await?;
                times.push(one.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let elapsed = begun.elapsed();
    times.sort_unstable();
    Ok(Load { done: times.len(), elapsed, times })
}
