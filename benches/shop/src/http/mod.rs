//! The service over HTTP: a process of its own, clients, and what the database says in the end.
//!
//! In: a server with the shop's schema. Out: tables on standard output. Each scene ends with a
//! comparison of what clients were told with what is stored.

mod client;
mod load;
mod measured;
mod scenes;
mod service;

use std::sync::Arc;

use shop::context::Context;

use self::client::Buyer;
use self::service::Service;
pub(crate) use self::service::serve;
use crate::server::Shop;
use crate::stage;

/// What to measure, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) clients: Vec<u32>,
    pub(crate) seconds: u64,
    pub(crate) holds: u32,
    pub(crate) due: u32,
}

/// Every scene, one after the other.
pub(crate) async fn measure(shop: &Shop, plan: &Plan) -> anyhow::Result<()> {
    let context = Context::system();
    let pool = shop.pool(4).await?;
    let (location, variants) = stage::shelf(&pool, &context, 1_000, 1_000_000).await?;
    let token = stage::key(&pool, &context).await?;
    let service = Service::start(shop).await?;
    let buyer = Buyer::new(service.url(), &token, Arc::new(variants.clone()))?;
    let stand = scenes::Stand { shop, service: &service, pool, context, buyer, location, variants };
    let best = stand.checkouts(plan).await?;
    stand.overload(best, plan).await?;
    stand.refund_storm().await?;
    stand.holds(plan.holds, true).await?;
    stand.holds(plan.holds, false).await?;
    stand.sweep(plan).await?;
    stand.totals().await?;
    service.stop().await
}
