//! Whether the size of a database matters.
//!
//! In: a server. Out: trivial tests in a database of three hundred tables, and in one with so many
//! megabytes of seeds, beside those in thirty tables.
//!
//! **Invariant**: the templates are built on the running server and go with it; nothing of this
//! size is left in the user's cache.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use proofmark_pool::{
    Ending, Format, Isolation, Migrations, Pool, PoolOptions, Recipe, Session, Template,
};

use crate::bodies::Schema;
use crate::ours::kept;
use crate::samples::{Report, Samples, ms, quantile};
use crate::server::Stage;

/// Three hundred tables: ten times the thirty, in ten schemas, and a table for the trivial test.
fn three_hundred() -> String {
    let mut sql =
        String::from("create table tag (id bigserial primary key, name text not null);\n");
    for number in 1..300 {
        let of = if number == 1 { "tag".to_owned() } else { format!("t{}", number - 1) };
        writeln!(
            sql,
            "create table t{number} (id bigserial primary key, of_id bigint references {of} (id), \
             name text not null, at timestamptz not null default now()); \
             create index on t{number} (of_id);"
        )
        .expect("writing to a String cannot fail");
    }
    sql
}

/// One large seed table beside the one that tests write to.
fn large(megabytes: u32) -> String {
    // 8 kB pages of 7 rows of about 1 kB each.
    let rows = megabytes * 1024 / 8 * 7;
    format!(
        "create table tag (id bigserial primary key, name text not null);\n\
         create table document (id bigserial primary key, body text not null);\n\
         insert into document (body) \
         select repeat(md5(n::text), 32) from generate_series(1, {rows}) n;\n"
    )
}

pub(crate) async fn run(
    megabytes: u32,
    tests: usize,
    rounds: usize,
    report: &Report,
) -> anyhow::Result<()> {
    let stage = Stage::open(2).await?;
    let root = tempfile::tempdir()?;
    let many = build(&stage, root.path(), "three_hundred", &three_hundred()).await?;
    let big = build(&stage, root.path(), "large", &large(megabytes)).await?;
    let what_of_large = format!("{megabytes} MB of seeds");
    let thirty = stage.pool(Schema::Thirty);
    let all = [("30 tables", thirty), ("300 tables", &many), (what_of_large.as_str(), &big)];
    for round in 1..=rounds {
        report.round(round);
        for (what, pool) in all {
            let body = Schema::Thirty.trivial();
            report.add(
                &format!("{what}: trivial test"),
                "scale",
                kept(pool, body, tests, 1).await?,
            );
            report.add(&format!("{what}: of it the return"), "scale", returns(pool, tests).await?);
            report.add(&format!("{what}: a copy instead"), "scale", copies(pool, 5).await?);
        }
    }
    report.table();
    for pool in [many, big] {
        Arc::into_inner(pool).expect("its tests are over").close().await?;
    }
    stage.close().await
}

/// A template of one file, and a pool of it.
async fn build(stage: &Stage, root: &Path, name: &str, sql: &str) -> anyhow::Result<Arc<Pool>> {
    let path = root.join(name);
    std::fs::create_dir(&path)?;
    std::fs::write(path.join("1_all.sql"), sql)?;
    let recipe = Recipe {
        database: name.to_owned(),
        migrations: Migrations::Directory { path, format: Format::Plain },
        seeds: Vec::new(),
        root: root.to_owned(),
    };
    let (target, ingredients) = (stage.bench().target().clone(), recipe.read()?);
    let key = ingredients.key(name, target.version());
    let (template, _) = Template::ensure(&target, &recipe, &ingredients, &key, &|_| {}).await?;
    let options = PoolOptions {
        ready: 2,
        run: "scale".to_owned(),
        isolation: Isolation::Reset,
        ..PoolOptions::default()
    };
    Ok(Arc::new(Pool::open(target, template, options).await?))
}

/// What lies between the end of a test's body and the next test's database: the return, and the
/// next lease, which waits for the undoing where it is not done yet.
async fn returns(pool: &Arc<Pool>, tests: usize) -> anyhow::Result<Samples> {
    let body = Schema::Thirty.trivial();
    let (begun, mut times) = (Instant::now(), Vec::new());
    let mut lease = pool.lease().await?;
    for _ in 0..tests {
        let connection = pool.connection(&lease).await?;
        body.run(&connection).await?;
        drop(connection);
        let returning = Instant::now();
        pool.give_back(&lease, Ending::default()).await?;
        lease = pool.lease().await?;
        times.push(ms(returning.elapsed()));
    }
    pool.give_back(&lease, Ending::default()).await?;
    Ok(Samples::since(begun, times))
}

/// `CREATE DATABASE` from the same template, by the quicker of the two strategies.
async fn copies(pool: &Arc<Pool>, copies: usize) -> anyhow::Result<Samples> {
    let admin = Session::open(pool.target().maintenance()).await?;
    let (from, mut times) = (pool.template().name.clone(), Vec::new());
    for number in 0..copies {
        let mut best = f64::INFINITY;
        for strategy in ["wal_log", "file_copy"] {
            let sql =
                format!("create database copy_{number} template \"{from}\" strategy {strategy}");
            let begun = Instant::now();
            admin.batch_execute(&sql).await?;
            best = best.min(ms(begun.elapsed()));
            admin.batch_execute(&format!("drop database copy_{number}")).await?;
        }
        times.push(best);
    }
    admin.close().await;
    let wall_ms = quantile(&times, 50);
    Ok(Samples { tests: times, wall_ms, server_ms: None })
}
