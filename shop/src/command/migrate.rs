//! `shop migrate`, and what every command that needs the schema does first.

use shop::context::Context;
use shop::migration::{self, MigrateError};
use sqlx::PgPool;

use super::args::Migrate;
use super::database::{Database, Sharing};
use super::failure::{Failure, OrFail as _};
use super::say;

pub(super) async fn migrate(arguments: &Migrate) -> Result<(), Failure> {
    let database = Database::open(&arguments.database, Sharing::Join).await?;
    if arguments.dry_run {
        let missing = migration::missing(&database.pool).await.map_err(|error| failure(&error))?;
        for migration in &missing {
            say::named("missing", migration.name);
        }
        if missing.is_empty() {
            say::named("schema", "up to date");
        }
    } else if bring(&database.pool).await? == 0 {
        say::named("schema", "up to date");
    }
    database.close().await
}

/// Brings the schema up to date; says how many migrations that took.
pub(super) async fn bring(pool: &PgPool) -> Result<usize, Failure> {
    server_is_new_enough(pool).await?;
    let applied =
        migration::migrate(pool, &Context::system()).await.map_err(|error| failure(&error))?;
    for migration in &applied {
        say::progress("migrated", migration.name);
    }
    Ok(applied.len())
}

/// Refuses to work on a database that lacks migrations.
pub(super) async fn demand(pool: &PgPool) -> Result<(), Failure> {
    let missing = migration::missing(pool).await.map_err(|error| failure(&error))?;
    match missing.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(format!("the database lacks {}", first.name))
            .help("run `shop migrate` first")),
    }
}

fn failure(error: &MigrateError) -> Failure {
    let failure = Failure::of("the database was not migrated", error);
    match error {
        MigrateError::Newer { .. } => failure.help("use the newer program"),
        MigrateError::Changed { .. } => {
            failure.help("use the program that applied it; migrations are never edited")
        }
        MigrateError::Foreign => failure.help("name an empty database"),
        MigrateError::Failed { .. } | MigrateError::Database(_) => failure,
    }
}

/// Refuses a server that is too old for the schema.
async fn server_is_new_enough(pool: &PgPool) -> Result<(), Failure> {
    let number: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
        .fetch_one(pool)
        .await
        .or_fail("the server's version is not known")?;
    if number < 150_000 {
        return Err(Failure::new(format!("the server is PostgreSQL {}", number / 10_000))
            .help("use PostgreSQL 15 or newer"));
    }
    Ok(())
}
