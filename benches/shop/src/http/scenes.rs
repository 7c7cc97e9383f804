//! What is measured: checkouts, too many of them, refunds, holds, and sweeping beside checkouts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use shop::context::Context;
use shop::id::{CartId, LocationId, VariantId};
use shop::inventory;
use sqlx::PgPool;
use tokio::task::JoinSet;

use super::Plan;
use super::client::{Buyer, Told};
use super::load::{closed, open};
use super::measured::Measured;
use super::service::{Service, usage_of};
use crate::hot;
use crate::server::Shop;
use crate::stage;
use crate::statements;

/// Clients that hold at the same time.
const HOLDERS: usize = 256;

/// Refunds of one payment at the same time.
const REFUNDERS: usize = 64;

/// Everything that a scene needs.
#[derive(Debug)]
pub(super) struct Stand<'a> {
    pub(super) shop: &'a Shop,
    pub(super) service: &'a Service,
    pub(super) pool: PgPool,
    pub(super) context: Context,
    pub(super) buyer: Buyer,
    pub(super) location: LocationId,
    pub(super) variants: Vec<VariantId>,
}

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
impl Stand<'_> {
    /// Closed loops; gives the best rate.
    pub(super) async fn checkouts(&self, plan: &Plan) -> anyhow::Result<f64> {
        println!("\ncheckouts over HTTP: 7 requests, 2 lines, paid");
        println!(
            "{:>7} {:>12} {:>8} {:>8} {:>27} {:>8}",
            "clients", "checkouts/s", "p50 ms", "p99 ms", "CPU ms: server service client", "MiB"
        );
        closed(&self.buyer, 4, Duration::from_secs(2)).await?;
        statements::begin(&self.pool).await?;
        let mut best: f64 = 0.0;
        for &clients in &plan.clients {
            let before = self.processors()?;
            let done = closed(&self.buyer, clients, Duration::from_secs(plan.seconds)).await?;
            let after = self.processors()?;
            ensure!(done.failed.is_empty(), "{:?}", done.failed.first());
            #[expect(clippy::cast_precision_loss, reason = "a measurement")]
            let each = |part: usize| (after[part] - before[part]) * 1e3 / done.times.len() as f64;
            let (server, service, client) = (each(0), each(1), each(2));
            println!(
                "{clients:>7} {:>12.1} {:>8.1} {:>8.1} {:>11.2} {:>7.2} {:>7.2} {:>8.1}",
                done.per_second(),
                done.percentile_ms(50),
                done.percentile_ms(99),
                server,
                service,
                client,
                self.service.usage()?.1,
            );
            best = best.max(done.per_second());
        }
        Ok(best)
    }

    /// Processor seconds of PostgreSQL, the service, and this program.
    fn processors(&self) -> anyhow::Result<[f64; 3]> {
        Ok([self.shop.processor_s()?, self.service.usage()?.0, usage_of("self")?.0])
    }

    /// Visits by the clock: half of what is possible, then four times as many, then half again.
    pub(super) async fn overload(&self, best: f64, plan: &Plan) -> anyhow::Result<()> {
        println!("\nvisits by the clock, timed from when each should have begun");
        println!(
            "{:>12} {:>10} {:>8} {:>8} {:>8} {:>8}",
            "visits/s", "bought/s", "shed", "failed", "p50 ms", "p99 ms"
        );
        for factor in [0.5, 4.0, 0.5] {
            let rate = best * factor;
            let done = open(&self.buyer, rate, Duration::from_secs(plan.seconds)).await?;
            println!(
                "{rate:>12.1} {:>10.1} {:>8} {:>8} {:>8.1} {:>8.1}",
                done.per_second(),
                done.shed,
                done.failed.len(),
                done.percentile_ms(50),
                done.percentile_ms(99),
            );
            ensure!(done.failed.is_empty(), "{:?}", done.failed.first());
        }
        Ok(())
    }

    /// Everybody wants the same money back: one gets it, the others are told quickly.
    pub(super) async fn refund_storm(&self) -> anyhow::Result<()> {
        let (mut winners, mut losers) = (Measured::default(), Measured::default());
        let rounds = 10;
        for _ in 0..rounds {
            let bought = self.buyer.visit().await.map_err(|e| anyhow::anyhow!("{e:?}"))?;
            let mut tasks = JoinSet::new();
            for _ in 0..REFUNDERS {
                let (buyer, payment) = (self.buyer.clone(), bought.payment.clone());
                tasks.spawn(async move {
                    let begun = Instant::now();
                    let told = buyer.refund(&payment).await?;
                    anyhow::Ok((told, begun.elapsed()))
                });
            }
            while let Some(done) = tasks.join_next().await {
                match done?? {
                    (Told::Done(_), took) => winners.times.push(took),
                    (Told::Refused(409 | 422, _), took) => losers.times.push(took),
                    (other, _) => anyhow::bail!("a refund was answered with {other:?}"),
                }
            }
        }
        println!("\n{REFUNDERS} refunds of one payment at once, {rounds} times");
        println!("  given back {:>6}", winners.times.len());
        println!(
            "  refused    {:>6}   p50 {:.1} ms, p99 {:.1} ms",
            losers.times.len(),
            losers.percentile_ms(50),
            losers.percentile_ms(99)
        );
        ensure!(winners.times.len() == rounds, "each was given back once");
        Ok(())
    }

    /// Holds of one unit: of a SKU that everybody wants, of which there are half as many, or of
    /// many SKUs.
    pub(super) async fn holds(&self, attempts: u32, hot: bool) -> anyhow::Result<()> {
        let units = if hot { attempts / 2 } else { 1_000_000 };
        let (location, variants) = if hot {
            stage::shelf(&self.pool, &self.context, 1, i64::from(units)).await?
        } else {
            (self.location, self.variants.clone())
        };
        let mut carts: Vec<(CartId, VariantId)> = Vec::new();
        let each = attempts.div_ceil(u32::try_from(variants.len())?);
        for &variant in &variants {
            let made = hot::carts(&self.pool, &self.context, variant, each).await?;
            carts.extend(made.into_iter().map(|cart| (cart, variant)));
        }
        if !hot {
            // One variant after the other would be one hot SKU after the other.
            carts.sort_unstable_by_key(|(cart, _)| cart.to_string());
        }
        carts.truncate(attempts as usize);
        let (begun, before) = (Instant::now(), self.processors()?);
        let (held, refused) = hold_all(&self.buyer, carts, location).await?;
        let elapsed = begun.elapsed().as_secs_f64();
        let after = self.processors()?;
        let what = if hot { "one SKU" } else { "1,000 SKUs" };
        println!("\nholds of {what} over HTTP, {HOLDERS} clients");
        println!("  attempts  {attempts:>9} {:>9.0}/s", f64::from(attempts) / elapsed);
        println!(
            "  held      {:>9}   p50 {:.1} ms, p99 {:.1} ms",
            held.times.len(),
            held.percentile_ms(50),
            held.percentile_ms(99)
        );
        println!(
            "  sold out  {:>9}   p50 {:.1} ms, p99 {:.1} ms",
            refused.times.len(),
            refused.percentile_ms(50),
            refused.percentile_ms(99)
        );
        let each = |part: usize| (after[part] - before[part]) * 1e3 / f64::from(attempts);
        println!(
            "  CPU ms    server {:.3}, service {:.3}, client {:.3} per attempt",
            each(0),
            each(1),
            each(2)
        );
        if hot {
            let [variant] = variants.as_slice() else { anyhow::bail!("one variant") };
            let (told, no) =
                (u32::try_from(held.times.len())?, u32::try_from(refused.times.len())?);
            hot::never_oversold(&self.pool, location, *variant, attempts, units, told, no).await?;
            println!("  oversold          0");
        }
        Ok(())
    }

    /// Ends holds whose time is over while people buy.
    pub(super) async fn sweep(&self, plan: &Plan) -> anyhow::Result<()> {
        let (_, variants) = stage::shelf(&self.pool, &self.context, 100, 1_000_000).await?;
        stage::due(&self.pool, &self.context, &variants, plan.due).await?;
        let lasts = Duration::from_secs(plan.seconds);
        let alone = closed(&self.buyer, 4, lasts).await?;
        let buyer = self.buyer.clone();
        let buying = tokio::spawn(async move { closed(&buyer, 4, lasts).await });
        let (begun, mut ended) = (Instant::now(), 0);
        loop {
            let swept = inventory::sweep(&self.pool, &self.context, 1_000).await?;
            ended += swept.expired;
            if !swept.more {
                break;
            }
        }
        let took = begun.elapsed().as_secs_f64();
        let beside = buying.await??;
        println!("\nsweeping {} due holds while 4 clients buy", plan.due);
        println!("  swept          {ended:>8} in {took:.1} s");
        println!(
            "  checkouts/s    {:>8.1} without, {:.1} beside",
            alone.per_second(),
            beside.per_second()
        );
        ensure!(ended >= plan.due as usize, "{ended} of {} were swept", plan.due);
        ensure!(beside.failed.is_empty(), "{:?}", beside.failed.first());
        Ok(())
    }

    /// Every order has its money once.
    pub(super) async fn totals(&self) -> anyhow::Result<()> {
        let (orders, twice): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM orders),
                    (SELECT count(*) FROM (SELECT order_id FROM payment GROUP BY order_id
                                            HAVING count(*) > 1) AS many)",
        )
        .fetch_one(&self.pool)
        .await?;
        println!("\norders {orders}, paid more than once {twice}");
        println!("service: {:.1} MiB at the end", self.service.usage()?.1);
        ensure!(twice == 0, "{twice} orders have more than one payment");
        Ok(())
    }
}

/// Holds one unit for each cart; who got one, and who was told that nothing is left.
async fn hold_all(
    buyer: &Buyer,
    carts: Vec<(CartId, VariantId)>,
    location: LocationId,
) -> anyhow::Result<(Measured, Measured)> {
    let (carts, next) = (Arc::new(carts), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..HOLDERS {
        let (buyer, carts, next) = (buyer.clone(), Arc::clone(&carts), Arc::clone(&next));
        tasks.spawn(async move {
            let (mut held, mut refused) = (Measured::default(), Measured::default());
            while let Some(&(cart, variant)) = carts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let from = Instant::now();
                match buyer.hold(cart, variant, location).await? {
                    Told::Done(_) => held.times.push(from.elapsed()),
                    Told::Refused(409, code) if code == "out_of_stock" => {
                        refused.times.push(from.elapsed());
                    }
                    other => anyhow::bail!("a hold was answered with {other:?}"),
                }
            }
            anyhow::Ok((held, refused))
        });
    }
    let (mut held, mut refused) = (Measured::default(), Measured::default());
    while let Some(done) = tasks.join_next().await {
        let (one, other) = done??;
        held.take(one);
        refused.take(other);
    }
    Ok((held, refused))
}
