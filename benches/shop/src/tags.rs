//! What it costs that a transaction names the request it works for.
//!
//! In: a server with a shelf. Out: a table: a transaction of two statements, with the request's id
//! carried in different ways.

use std::sync::Arc;
use std::time::Instant;

use shop::telemetry::sql::{Tag, begin, tagged};
use sqlx::{AssertSqlSafe, Executor as _, PgPool};
use uuid::Uuid;

use crate::server::Shop;

const READS: [&str; 2] = [
    "SELECT id, amount FROM price WHERE variant_id = (SELECT id FROM variant
      WHERE deleted_at IS NULL ORDER BY id LIMIT 1) AND min_quantity = $1",
    "SELECT location_id, on_hand, reserved FROM stock_level
      WHERE variant_id = (SELECT id FROM variant ORDER BY id LIMIT 1) AND on_hand >= $1",
];

/// How the id travels.
#[derive(Debug, Clone, Copy)]
enum Way {
    Nowhere,
    WithBegin,
    ItsOwnStatement,
    EveryStatement,
}

const WAYS: [(Way, &str); 4] = [
    (Way::Nowhere, "nowhere"),
    (Way::WithBegin, "in the message of BEGIN (what the shop does)"),
    (Way::ItsOwnStatement, "in a statement of its own after BEGIN"),
    (Way::EveryStatement, "as a comment on every statement"),
];

async fn once(pool: &PgPool, way: Way) -> anyhow::Result<()> {
    let id = Uuid::now_v7().simple().to_string();
    let mut transaction = match way {
        Way::WithBegin => {
            tagged(Arc::new(Tag::of_request(&id, "/v1/carts", None)), begin(pool)).await?
        }
        _ => pool.begin().await?,
    };
    if matches!(way, Way::ItsOwnStatement) {
        let sql = format!("SET LOCAL application_name = 'shop {id}'");
        transaction.execute(AssertSqlSafe(sql)).await?;
    }
    for read in READS {
        if matches!(way, Way::EveryStatement) {
            let sql = format!("{read} /*request_id='{id}'*/");
            // What is asked once must not push what is asked often out of the cache.
            let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
            query.bind(1_i32).fetch_all(&mut *transaction).await?;
        } else {
            sqlx::query(read).bind(1_i32).fetch_all(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Measures each way.
#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
pub(crate) async fn compare(shop: &Shop, transactions: u32) -> anyhow::Result<()> {
    let pool = shop.pool(1).await?;
    println!("\na transaction of two statements; the request's id travels");
    println!("  {:<48} {:>8} {:>14}", "", "µs", "server CPU µs");
    for (way, name) in WAYS {
        for _ in 0..100 {
            once(&pool, way).await?;
        }
        let (begun, before) = (Instant::now(), shop.processor_s()?);
        for _ in 0..transactions {
            once(&pool, way).await?;
        }
        let each = 1e6 / f64::from(transactions);
        println!(
            "  {name:<48} {:>8.0} {:>14.0}",
            begun.elapsed().as_secs_f64() * each,
            (shop.processor_s()? - before) * each,
        );
    }
    Ok(())
}
