//! Brings a database to the schema that this program was made for.
//!
//! In: a pool. Out: what was applied. `schema_migration` notes each file with the digest of its
//! text, so a file that was changed afterwards is refused, and so is a database that a newer
//! program has migrated.
//!
//! **Invariant**: a migration and its note are one transaction, and one process migrates at a time.

use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool};

use crate::context::Context;
use crate::database::DatabaseError;

/// A file of `shop/migrations/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its number, by which files are ordered.
    pub number: u32,
    /// Its name.
    pub name: &'static str,
    sql: &'static str,
}

/// Every migration that this program carries, in order.
pub const ALL: &[Migration] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// Why a database was not migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// What was applied is not what this program carries.
    #[error("{name} was applied with another text than this program carries")]
    Changed {
        /// The migration.
        name: &'static str,
    },
    /// A newer program was here.
    #[error("the database has migration {number}, this program ends with {last}")]
    Newer {
        /// The migration's number.
        number: i32,
        /// The last that this program has.
        last: u32,
    },
    /// The database has tables of this name that no migration made.
    #[error("the database is not empty, and no shop")]
    Foreign,
    /// A migration failed; nothing of it was kept.
    #[error("{name} failed")]
    Failed {
        /// The migration.
        name: &'static str,
        /// What the server said.
        #[source]
        source: sqlx::Error,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Of advisory locks: who holds it migrates.
const LOCK: i64 = 0x0073_686f_705f_6d69;

/// Applies what is missing; gives what that was.
///
/// # Errors
/// See [`MigrateError`]; migrations before the one that failed are applied.
pub async fn migrate(
    pool: &PgPool,
    context: &Context,
) -> Result<Vec<&'static Migration>, MigrateError> {
    // A connection of its own: the lock ends with it, whatever happens here.
    let mut connection = pool.acquire().await?.detach();
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await?;
    let applied = apply_missing(&mut connection, context).await;
    // The lock goes with the connection, also when its end is not heard.
    drop(sqlx::Connection::close(connection).await);
    applied
}

/// What is missing, without applying it.
///
/// # Errors
/// See [`MigrateError`].
pub async fn missing(pool: &PgPool) -> Result<Vec<&'static Migration>, MigrateError> {
    let mut connection = pool.acquire().await?;
    still_missing(&mut connection).await
}

async fn apply_missing(
    connection: &mut PgConnection,
    context: &Context,
) -> Result<Vec<&'static Migration>, MigrateError> {
    let missing = still_missing(connection).await?;
    for migration in &missing {
        let failed = |source| MigrateError::Failed { name: migration.name, source };
        let mut transaction = sqlx::Connection::begin(&mut *connection).await?;
        sqlx::raw_sql(migration.sql).execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO schema_migration (number, name, digest, applied_at)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(i32::try_from(migration.number).unwrap_or(i32::MAX))
        .bind(migration.name)
        .bind(digest(migration))
        .bind(context.now())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await.map_err(failed)?;
    }
    Ok(missing)
}

async fn still_missing(
    connection: &mut PgConnection,
) -> Result<Vec<&'static Migration>, MigrateError> {
    let (noted, tables): (bool, i64) = sqlx::query_as(
        "SELECT to_regclass('schema_migration') IS NOT NULL,
                (SELECT count(*) FROM pg_class
                  WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace)",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !noted {
        if tables > 0 {
            return Err(MigrateError::Foreign);
        }
        sqlx::raw_sql(
            "CREATE TABLE schema_migration (
                 number integer NOT NULL CONSTRAINT schema_migration_identity PRIMARY KEY,
                 name text NOT NULL,
                 digest bytea NOT NULL,
                 applied_at timestamptz NOT NULL);
             COMMENT ON TABLE schema_migration IS
                 'Which files of the schema were applied, and the SHA-256 of their text.';",
        )
        .execute(&mut *connection)
        .await?;
    }
    let applied: Vec<(i32, Vec<u8>)> =
        sqlx::query_as("SELECT number, digest FROM schema_migration ORDER BY number")
            .fetch_all(connection)
            .await?;
    let last = ALL.last().map_or(0, |migration| migration.number);
    let number = |migration: &Migration| i32::try_from(migration.number).unwrap_or(i32::MAX);
    for (applied, noted) in &applied {
        match ALL.iter().find(|migration| number(migration) == *applied) {
            None => return Err(MigrateError::Newer { number: *applied, last }),
            Some(migration) if digest(migration) != *noted => {
                return Err(MigrateError::Changed { name: migration.name });
            }
            Some(_) => {}
        }
    }
    let is_applied =
        |migration: &&Migration| applied.iter().any(|(applied, _)| *applied == number(migration));
    Ok(ALL.iter().filter(|migration| !is_applied(migration)).collect())
}

fn digest(migration: &Migration) -> Vec<u8> {
    Sha256::digest(migration.sql.as_bytes()).to_vec()
}
