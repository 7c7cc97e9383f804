//! Holds of one SKU by everybody at once: how many a second, and never more than there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::ensure;
use shop::context::Context;
use shop::id::{CartId, LocationId, VariantId};
use shop::inventory::{HotHold, HotHoldError, HotHolds};
use shop::value::Quantity;
use sqlx::PgPool;

use crate::server::Shop;
use crate::stage;

/// Shoppers who wait for their answer at the same time.
const AT_ONCE: u32 = 2_000;

/// Tries to hold one unit, once for each of so many carts, of a SKU of which there are fewer.
#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
pub(crate) async fn holds(shop: &Shop, attempts: u32, units: u32) -> anyhow::Result<()> {
    let context = Context::system();
    let pool = shop.pool(2).await?;
    let (location, variants) = stage::shelf(&pool, &context, 1, i64::from(units)).await?;
    let [variant] = variants.as_slice() else { anyhow::bail!("one variant was asked for") };
    let carts = Arc::new(carts(&pool, &context, *variant, attempts).await?);
    let holds = HotHolds::new(pool.clone(), context.clone());
    let (next, held, sold_out) = (AtomicUsize::new(0), AtomicU32::new(0), AtomicU32::new(0));
    let shared = Arc::new((next, held, sold_out));
    let before = shop.processor_s()?;
    let begun = Instant::now();
    let mut shoppers = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE.min(attempts) {
        let (holds, carts, shared) = (holds.clone(), Arc::clone(&carts), Arc::clone(&shared));
        let until = context.now() + std::time::Duration::from_hours(1);
        let wanted = HotHold {
            location,
            variant: *variant,
            cart: carts[0],
            quantity: Quantity::new(1)?,
            until,
        };
        shoppers.spawn(async move {
            let (next, held, sold_out) = &*shared;
            while let Some(&cart) = carts.get(next.fetch_add(1, Ordering::Relaxed)) {
                match holds.hold(HotHold { cart, ..wanted }).await {
                    Ok(_) => held.fetch_add(1, Ordering::Relaxed),
                    Err(HotHoldError::OutOfStock { .. }) => {
                        sold_out.fetch_add(1, Ordering::Relaxed)
                    }
                    Err(error) => return Err(error.into()),
                };
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = shoppers.join_next().await {
        done??;
    }
    let elapsed = begun.elapsed().as_secs_f64();
    let used = shop.processor_s()? - before;
    let (held, sold_out) = (shared.1.load(Ordering::Relaxed), shared.2.load(Ordering::Relaxed));
    println!("\nholds of one SKU of which there are {units}, {AT_ONCE} shoppers at once");
    println!("  attempts       {attempts:>9}   {:>9.0}/s", f64::from(attempts) / elapsed);
    println!("  held           {held:>9}");
    println!("  sold out       {sold_out:>9}");
    println!("  server CPU     {:>9.3} ms per attempt", used * 1e3 / f64::from(attempts));
    never_oversold(&pool, location, *variant, attempts, units, held, sold_out).await?;
    println!("  oversold               0");
    pool.close().await;
    Ok(())
}

/// So many open carts, each with a line of the variant. Written by hand: it is not what is
/// measured.
pub(crate) async fn carts(
    pool: &PgPool,
    context: &Context,
    variant: VariantId,
    count: u32,
) -> anyhow::Result<Vec<CartId>> {
    let made: Vec<CartId> = sqlx::query_scalar(
        "WITH made AS (
             INSERT INTO cart (id, currency, tax_included, created_at, expires_at)
             SELECT gen_random_uuid(), 'EUR', true, $2, $2 + interval '1 day'
               FROM generate_series(1, $3) RETURNING id),
         line AS (
             INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, price_id,
                                    unit_price, quantity, added_at)
             SELECT made.id, $1, 'EUR', true, price.id, price.amount, 1, $2
               FROM made, price WHERE price.variant_id = $1)
         SELECT id FROM made",
    )
    .bind(variant)
    .bind(context.now())
    .bind(i32::try_from(count)?)
    .fetch_all(pool)
    .await?;
    sqlx::query("ANALYZE cart, cart_line").execute(pool).await?;
    ensure!(made.len() == count as usize, "{} carts were made of {count}", made.len());
    Ok(made)
}

/// What the shoppers were told is what the database says, and nothing was sold twice.
pub(crate) async fn never_oversold(
    pool: &PgPool,
    location: LocationId,
    variant: VariantId,
    attempts: u32,
    units: u32,
    held: u32,
    sold_out: u32,
) -> anyhow::Result<()> {
    let (reserved, on_hand, rows): (i32, i32, i64) = sqlx::query_as(
        "SELECT reserved, on_hand,
                (SELECT count(*) FROM reservation
                  WHERE (location_id, variant_id) = ($1, $2) AND state = 'active')
           FROM stock_level WHERE (location_id, variant_id) = ($1, $2)",
    )
    .bind(location)
    .bind(variant)
    .fetch_one(pool)
    .await?;
    ensure!(held + sold_out == attempts, "{held} + {sold_out} answers to {attempts} attempts");
    ensure!(held == units.min(attempts), "{held} of {units} units were held");
    ensure!(rows == i64::from(held), "{held} were told that they hold, {rows} rows say so");
    ensure!(i64::from(reserved) == rows, "{reserved} reserved, {rows} held");
    ensure!(on_hand == i32::try_from(units)?, "{on_hand} of {units} units are there");
    Ok(())
}
