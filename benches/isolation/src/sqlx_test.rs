//! `#[sqlx::test]`, without its attribute.
//!
//! In: `DATABASE_URL`. Out: the times of tests, as a line of JSON.
//!
//! **Invariant**: calls exactly what the attribute expands to (`sqlx-macros-core`,
//! `test_attr.rs`): `TestFn::run_test` with the migrations, on as many threads as the harness would
//! have.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use sqlx::PgPool;
use sqlx::migrate::Migrator;
use sqlx::testing::{TestArgs, TestFn as _};

use crate::samples::ms;

/// The tests' names must live as long as the program.
fn lasting<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

async fn body(db: PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("insert into tag (name) values ('new')").execute(&db).await?;
    sqlx::query("select count(*) from tag").execute(&db).await?;
    Ok(())
}

async fn shop_body(db: PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("insert into tax_class (code, name) values ('new', 'New')").execute(&db).await?;
    sqlx::query("select count(*) from tax_class").execute(&db).await?;
    Ok(())
}

fn run_one<F>(test: fn(PgPool) -> F, arguments: TestArgs) -> F::Output
where
    F: Future<Output = Result<(), sqlx::Error>>,
{
    test.run_test(arguments)
}

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
pub(crate) fn run(threads: usize, tests: usize, migrations: &Path) -> anyhow::Result<()> {
    let migrator = sqlx::test_block_on(Migrator::new(migrations))?;
    let migrator: &'static Migrator = lasting(migrator);
    let is_shop = !migrations.ends_with("schema");
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let lane = || {
        let mut times = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= tests {
                return anyhow::Ok(times);
            }
            let mut arguments = TestArgs::new(lasting(format!("bench::test_{number}")).as_str());
            arguments.migrator(migrator);
            let begun = Instant::now();
            let ran =
                if is_shop { run_one(shop_body, arguments) } else { run_one(body, arguments) };
            ran?;
            times.push(ms(begun.elapsed()));
        }
    };
    let lanes: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(lane)).collect();
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let mut times = Vec::new();
    for lane in lanes {
        times.extend(lane.map_err(|_| anyhow::anyhow!("a test panicked"))??);
    }
    let wall_ms = ms(begun.elapsed());
    println!("{}", serde_json::json!({ "tests_ms": times, "wall_ms": wall_ms }));
    Ok(())
}
