//! What one test costs when its database is reset in place: `bench_reset [tests] [tables]`.
//!
//! Each test takes a lease, a warm connection, inserts a row, counts, and gives the lease back;
//! serially, then two at a time. Wall time per test, body included.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use proofmark_pool::{Ending, Format, Migrations, Pool, PoolOptions, Recipe, Target, Template};
use proofmark_postgres::{Cache, Search, Server, ServerOptions, base_image, find};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let tests = numbers.next().transpose()?.unwrap_or(1000);
    let tables = numbers.next().transpose()?.unwrap_or(30);
    let cache = Cache::user();
    let found = find(&Search { cache: cache.clone(), ..Search::new() })?;
    let image = base_image(&found.installation, &cache)?;
    let server = Server::start(&found.installation, &image, &ServerOptions::default())?;
    let target = Target::private(server.address()).await?;
    let pool = Arc::new(pool(&target, tables).await?);
    run(&pool, 50, trivial).await?;
    println!("PostgreSQL {}, {tables} tables, {tests} tests", target.version());
    for (name, workers, seeds) in
        [("trivial, serial", 1, false), ("trivial, 2 slots", 2, false), ("seeds, serial", 1, true)]
    {
        let begun = Instant::now();
        let tasks = (0..workers).map(|_| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move {
                if seeds {
                    run(&pool, tests, workflow).await
                } else {
                    run(&pool, tests / workers, trivial).await
                }
            })
        });
        for ended in futures_util::future::join_all(tasks).await {
            ended??;
        }
        println!(
            "{name:18} {:.3} ms per test",
            begun.elapsed().as_secs_f64() * 1e3 / f64::from(tests)
        );
    }
    println!("setbacks: {:?}", pool.setbacks());
    drop(pool);
    server.stop()?;
    Ok(())
}

async fn pool(target: &Target, tables: u32) -> Result<Pool> {
    let root = tempfile::tempdir()?;
    std::fs::create_dir(root.path().join("migrations"))?;
    let mut sql = String::new();
    for n in 0..tables {
        writeln!(
            sql,
            "create table t{n} (id serial primary key, body text, at timestamptz default now());"
        )?;
    }
    sql.push_str("create table seed (id int primary key, body text); insert into seed select n, md5(n::text) from generate_series(1, 400) n;");
    std::fs::write(root.path().join("migrations/1_tables.sql"), sql)?;
    let recipe = Recipe {
        database: "bench".to_owned(),
        migrations: Migrations::Directory {
            path: root.path().join("migrations"),
            format: Format::Auto,
        },
        seeds: Vec::new(),
        root: root.path().to_owned(),
    };
    let ingredients = recipe.read()?;
    let key = ingredients.key("bench", target.version());
    let (template, _) = Template::ensure(target, &recipe, &ingredients, &key, &|_| {}).await?;
    let options = PoolOptions { ready: 3, run: "bench".to_owned(), ..PoolOptions::default() };
    Pool::open(target.clone(), template, options).await.context("a pool")
}

async fn run(
    pool: &Pool,
    tests: u32,
    body: impl AsyncFn(&tokio_postgres::Client) -> Result<()>,
) -> Result<()> {
    for _ in 0..tests {
        let lease = pool.lease().await?;
        let connection = pool.connection(&lease).await?;
        body(&connection).await?;
        drop(connection);
        pool.give_back(&lease, Ending::default()).await?;
    }
    Ok(())
}

async fn trivial(client: &tokio_postgres::Client) -> Result<()> {
    client.batch_execute("insert into t1 (body) values ('x')").await?;
    client.simple_query("select count(*) from t1").await?;
    Ok(())
}

/// Nine tables, and seeds that are edited and deleted.
async fn workflow(client: &tokio_postgres::Client) -> Result<()> {
    for n in 0..8 {
        client.batch_execute(&format!("insert into t{n} (body) values ('x'), ('y')")).await?;
    }
    client
        .batch_execute(
            "update seed set body = 'x' where id % 100 = 1; delete from seed where id = 7",
        )
        .await?;
    Ok(())
}
