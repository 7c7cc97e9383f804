//! Which statements take the server's time: `pg_stat_statements`, those inside functions too.
//!
//! In: a server that was started with [`SETTINGS`]. Out: a table on standard output.

use sqlx::PgPool;

/// What the server must be started with.
pub(crate) const SETTINGS: [(&str, &str); 3] = [
    ("shared_preload_libraries", "pg_stat_statements"),
    ("pg_stat_statements.track", "all"),
    ("pg_stat_statements.track_planning", "on"),
];

/// Forgets what was executed so far, if the server notes it at all.
pub(crate) async fn begin(pool: &PgPool) -> anyhow::Result<()> {
    let (notes,): (bool,) = sqlx::query_as(
        "SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'",
    )
    .fetch_one(pool)
    .await?;
    if notes {
        sqlx::query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").execute(pool).await?;
        sqlx::query("SELECT pg_stat_statements_reset()").execute(pool).await?;
    }
    Ok(())
}

/// The statements that took longest: planning and execution together, of one call, in all.
#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
pub(crate) async fn longest(pool: &PgPool, count: u32) -> anyhow::Result<()> {
    let rows: Vec<(String, i64, bool, f64, f64)> = sqlx::query_as(
        "SELECT regexp_replace(query, '\\s+', ' ', 'g'), calls, toplevel, \
                total_plan_time, total_exec_time \
           FROM pg_stat_statements ORDER BY total_plan_time + total_exec_time DESC LIMIT $1",
    )
    .bind(i64::from(count))
    .fetch_all(pool)
    .await?;
    println!("\n{:>8} {:>9} {:>9} {:>9}  statement", "calls", "plan µs", "run µs", "all ms");
    for (query, calls, top, plan, run) in rows {
        #[expect(clippy::cast_precision_loss, reason = "a measurement")]
        let each = |sum: f64| sum * 1e3 / calls as f64;
        let text: String = query.chars().take(220).collect();
        let place = if top { "" } else { "(inside) " };
        println!(
            "{calls:>8} {:>9.0} {:>9.0} {:>9.0}  {place}{text}",
            each(plan),
            each(run),
            plan + run
        );
    }
    Ok(())
}
