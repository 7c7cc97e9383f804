//! The tables in which migration tools remember what they have applied.
//!
//! In: the scripts that were applied. Out: the bookkeeping that sqlx or dbmate would have left, so
//! that a suite which runs its own migrations at start finds nothing to do.
//!
//! The tables are those of the tools' own sources: sqlx's `_sqlx_migrations` (`sqlx-postgres`,
//! `migrate.rs`; the checksum is SHA-384 of the file), dbmate's `schema_migrations`. refinery and
//! Flyway hash in ways of their own: their users apply migrations by command.
//!
//! **Invariant**: written last, and only for scripts that were applied.

use sha2::{Digest, Sha384};
use tokio_postgres::Client;

use super::error::BuildError;
use crate::migrations::{Format, Script};

/// Notes `scripts` in the table of the tool whose names they have.
pub(super) async fn note(client: &Client, scripts: &[Script]) -> Result<(), BuildError> {
    let Some(format) = scripts.first().map(|script| script.format) else { return Ok(()) };
    match format {
        Format::Sqlx => note_sqlx(client, scripts).await,
        Format::Dbmate => note_dbmate(client, scripts).await,
        _ => Ok(()),
    }
    .map_err(BuildError::step("noting the migrations as applied"))
}

async fn note_sqlx(client: &Client, scripts: &[Script]) -> Result<(), tokio_postgres::Error> {
    client
        .batch_execute(
            "create table if not exists _sqlx_migrations (
                version bigint primary key,
                description text not null,
                installed_on timestamptz not null default now(),
                success boolean not null,
                checksum bytea not null,
                execution_time bigint not null)",
        )
        .await?;
    for script in scripts {
        let version = script.version.as_deref().and_then(|version| version.parse::<i64>().ok());
        let Some(version) = version else { continue };
        let checksum = Sha384::digest(script.text.as_bytes()).to_vec();
        client
            .execute(
                "insert into _sqlx_migrations \
                    (version, description, success, checksum, execution_time) \
                 values ($1, $2, true, $3, 0) on conflict (version) do nothing",
                &[&version, &script.description, &checksum],
            )
            .await?;
    }
    Ok(())
}

async fn note_dbmate(client: &Client, scripts: &[Script]) -> Result<(), tokio_postgres::Error> {
    client
        .batch_execute(
            "create table if not exists schema_migrations (version varchar(128) primary key)",
        )
        .await?;
    for script in scripts {
        client
            .execute(
                "insert into schema_migrations values ($1) on conflict (version) do nothing",
                &[&script.version],
            )
            .await?;
    }
    Ok(())
}
