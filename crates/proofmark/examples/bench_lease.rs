//! How long a lease takes: asked for, connected to, first query answered, taken back.
//!
//! In: the `proofmark.toml` of the current directory. Out: medians and 95th percentiles. See
//! `benches/lease/README.md`.

use std::time::{Duration, Instant};

use proofmark::bench::{Bench, Ending, Options, Pool};
use proofmark::config::Config;
use proofmark_pool::Session;

const ROUNDS: usize = 100;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
async fn main() -> anyhow::Result<()> {
    let config = Config::find(&std::env::current_dir()?)?;
    for ready in [3, 0] {
        let begun = Instant::now();
        let bench =
            Bench::open(&config, Options { ready, shared: false, ..Options::shared() }).await?;
        let opened = begun.elapsed();
        let (name, pool) = bench.pools().iter().next().expect("a database is configured");
        println!("{name}, PostgreSQL {}, {ready} made ahead", bench.target().version());
        println!("  bench opened in {:.1} ms", opened.as_secs_f64() * 1e3);
        let pause = if ready > 0 { Duration::from_millis(120) } else { Duration::ZERO };
        let times = measure(pool, pause).await?;
        for (what, mut times) in
            ["lease", "to first query", "second query", "taken back"].into_iter().zip(times)
        {
            times.sort_by(f64::total_cmp);
            let (median, p95) = (times[times.len() / 2], times[times.len() * 95 / 100]);
            println!("  {what:<16} median {median:>6.2} ms   p95 {p95:>6.2} ms");
        }
        let begun = Instant::now();
        bench.close().await?;
        println!("  bench closed in {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(())
}

/// `pause` stands for the body of a test, during which the next copy is made.
async fn measure(pool: &Pool, pause: Duration) -> anyhow::Result<[Vec<f64>; 4]> {
    let mut times: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        tokio::time::sleep(pause).await;
        let begun = Instant::now();
        let mut lap = |column: usize| {
            times[column].push(begun.elapsed().as_secs_f64() * 1e3);
        };
        let lease = pool.lease().await?;
        lap(0);
        let session = Session::open(&pool.target().config(&lease.database)).await?;
        session.query("select 1", &[]).await?;
        lap(1);
        let asked = Instant::now();
        session.query("select count(*) from pg_class", &[]).await?;
        times[2].push(asked.elapsed().as_secs_f64() * 1e3);
        session.close().await;
        let returning = Instant::now();
        pool.give_back(&lease, Ending::default()).await?;
        times[3].push(returning.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}
