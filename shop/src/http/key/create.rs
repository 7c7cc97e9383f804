//! Making, following and revoking keys.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::ApiKey;
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::ApiKeyId;
use crate::value::{Label, Slug};

/// A key to be made.
#[derive(Debug, Clone)]
pub struct CreateKey {
    /// What it is for.
    pub name: Label,
    /// What it may do.
    pub scopes: BTreeSet<Slug>,
    /// Until when; none for good.
    pub expires_at: Option<DateTime<Utc>>,
    /// How often in a minute; none for as often as any.
    pub per_minute: Option<i32>,
}

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// There is no such scope.
    #[error("there is no such scope")]
    UnknownScope,
    /// It would have expired already.
    #[error("the key would have expired already")]
    ExpiresInThePast,
    /// A limit that lets nothing through.
    #[error("a rate limit is at least one request a minute")]
    NoRequests,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreateKeyError {
    "api_key_scope_grants_a_scope" => CreateKeyError::UnknownScope,
    "api_key_expires_after_creation" => CreateKeyError::ExpiresInThePast,
    "api_key_rate_limit_positive" => CreateKeyError::NoRequests,
});

/// Why a key was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeKeyError {
    /// There is none of this id.
    #[error("there is no such key")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RevokeKeyError {});

/// Why a key has no successor.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeyError {
    /// There is none of this id, or it was revoked.
    #[error("there is no such key")]
    NotFound,
    /// It has one already.
    #[error("the key has been replaced already")]
    Replaced,
    /// The old key would end before it was made, or before now.
    #[error("the old key would have expired already")]
    ExpiresInThePast,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RotateKeyError {
    "api_key_replaced_once" => RotateKeyError::Replaced,
    "api_key_expires_after_creation" => RotateKeyError::ExpiresInThePast,
});

/// Makes a key. Its text is in the answer and nowhere else.
///
/// # Errors
/// See [`CreateKeyError`].
pub async fn create_key(
    pool: &PgPool,
    context: &Context,
    request: &CreateKey,
) -> Result<(ApiKeyId, ApiKey), CreateKeyError> {
    let key = ApiKey::random();
    let id: ApiKeyId = context.id();
    crate::transact!(pool, CreateKeyError, |connection| {
        sqlx::query(
            "INSERT INTO api_key (id, name, prefix, secret_hash, rate_limit_per_minute, created_at,
                                  expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id)
        .bind(&request.name)
        .bind(key.prefix())
        .bind(key.digest().as_slice())
        .bind(request.per_minute)
        .bind(context.now())
        .bind(request.expires_at)
        .execute(&mut *connection)
        .await?;
        let scopes: Vec<String> = request.scopes.iter().map(ToString::to_string).collect();
        grant(connection, id, &scopes).await?;
        Ok(())
    })?;
    Ok((id, key))
}

async fn grant(
    connection: &mut PgConnection,
    key: ApiKeyId,
    scopes: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO api_key_scope (api_key_id, scope) SELECT $1, unnest($2::text[])")
        .bind(key)
        .bind(scopes)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes the key that follows another, with its name, scopes and limit. Both work until the old one
/// expires at `old_until`.
///
/// # Errors
/// See [`RotateKeyError`].
pub async fn rotate_key(
    pool: &PgPool,
    context: &Context,
    old: ApiKeyId,
    old_until: DateTime<Utc>,
) -> Result<(ApiKeyId, ApiKey), RotateKeyError> {
    if old_until < context.now() {
        return Err(RotateKeyError::ExpiresInThePast);
    }
    let key = ApiKey::random();
    let id: ApiKeyId = context.id();
    crate::transact!(pool, RotateKeyError, |connection| {
        let made = sqlx::query(
            "WITH ended AS (
                 UPDATE api_key SET expires_at = least(expires_at, $2)
                  WHERE id = $1 AND revoked_at IS NULL
                 RETURNING name, rate_limit_per_minute)
             INSERT INTO api_key (id, name, prefix, secret_hash, rate_limit_per_minute, created_at,
                                  replaces_id)
             SELECT $3, name, $4, $5, rate_limit_per_minute, $6, $1 FROM ended",
        )
        .bind(old)
        .bind(old_until)
        .bind(id)
        .bind(key.prefix())
        .bind(key.digest().as_slice())
        .bind(context.now())
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if made == 0 {
            Err(RotateKeyError::NotFound)?;
        }
        sqlx::query(
            "INSERT INTO api_key_scope (api_key_id, scope)
             SELECT $2, scope FROM api_key_scope WHERE api_key_id = $1",
        )
        .bind(old)
        .bind(id)
        .execute(&mut *connection)
        .await?;
        Ok(())
    })?;
    Ok((id, key))
}

/// Revokes a key; revoking it once more does nothing.
///
/// # Errors
/// [`RevokeKeyError::NotFound`].
pub async fn revoke_key(
    pool: &PgPool,
    context: &Context,
    key: ApiKeyId,
) -> Result<(), RevokeKeyError> {
    let revoked = sqlx::query(
        "UPDATE api_key SET revoked_at = coalesce(revoked_at, greatest(created_at, $2))
          WHERE id = $1",
    )
    .bind(key)
    .bind(context.now())
    .execute(pool)
    .await?
    .rows_affected();
    if revoked == 0 { Err(RevokeKeyError::NotFound) } else { Ok(()) }
}
