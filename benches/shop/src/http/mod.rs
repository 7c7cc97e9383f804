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

use anyhow::Context as _;
use shop::context::Context;

use self::client::Buyer;
use self::service::Service;
pub(crate) use self::service::serve;
use crate::server::Shop;
use crate::stage;
use crate::statements;

/// What to measure, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) clients: Vec<u32>,
    pub(crate) seconds: u64,
    pub(crate) holds: u32,
    pub(crate) due: u32,
    pub(crate) scenes: Vec<String>,
}

/// Every scene, one after the other.
#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
pub(crate) async fn measure(shop: &Shop, plan: &Plan) -> anyhow::Result<()> {
    let context = Context::system();
    let pool = shop.pool(4).await?;
    let (location, variants) = stage::shelf(&pool, &context, 1_000, 1_000_000).await?;
    let token = stage::key(&pool, &context).await?;
    let service = Service::start(shop).await?;
    let buyer = Buyer::new(service.url(), &token, Arc::new(variants.clone()))?;
    let stand = scenes::Stand { shop, service: &service, pool, context, buyer, location, variants };
    statements::begin(&stand.pool).await?;
    let mut best = None;
    for scene in &plan.scenes {
        match scene.as_str() {
            "checkouts" => best = Some(stand.checkouts(plan).await?),
            "overload" => {
                let best = best.context("overload is a multiple of what checkouts gave")?;
                stand.overload(best, plan).await?;
            }
            "refunds" => stand.refund_storm().await?,
            "hot" => stand.holds(plan.holds, true).await?,
            "uniform" => stand.holds(plan.holds, false).await?,
            "sweep" => stand.sweep(plan).await?,
            other => anyhow::bail!("there is no scene {other}; see --help"),
        }
        println!("service: {:.1} MiB after {scene}", service.usage()?.1);
    }
    stand.totals().await?;
    service.stop().await
}
