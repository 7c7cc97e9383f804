//! Endpoints: where events are sent to, which of them, and with which secrets they are signed.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use sqlx::{PgConnection, PgPool};

use super::Secret;
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{WebhookEndpointId, WebhookSecretId};
use crate::value::{Label, TextError, bounded};

/// Where to: `https://...`, or `http://` on this machine. No user, no fragment, at most 2000
/// characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl(String);

impl EndpointUrl {
    /// The URL, normalised.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EndpointUrl {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        bounded(text, 2000)?;
        let url: Url = text.parse().map_err(|_| TextError::Form)?;
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && here);
        let plain = url.username().is_empty() && url.password().is_none();
        if !scheme || !plain || url.fragment().is_some() || url.host_str().is_none() {
            return Err(TextError::Form);
        }
        bounded(url.as_str(), 2000)?;
        Ok(Self(url.into()))
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::value::stored_as_text!(EndpointUrl, "EndpointUrl", {
    "type": "string", "format": "uri", "maxLength": 2000
});

/// An endpoint to be added.
#[derive(Debug, Clone)]
pub struct CreateEndpoint {
    /// Where to.
    pub url: EndpointUrl,
    /// What it is for.
    pub description: Option<Label>,
    /// Types of the catalogue of events; each in its newest version.
    pub types: Vec<String>,
}

/// Why an endpoint was not added.
#[derive(Debug, thiserror::Error)]
pub enum CreateEndpointError {
    /// It is there already.
    #[error("another endpoint has this URL")]
    Taken,
    /// Not plain enough for where it leads.
    #[error("only this machine is reached without encryption")]
    NotEncrypted,
    /// The catalogue has no such event.
    #[error("there is no event of one of these types")]
    UnknownType,
    /// An endpoint without events is of no use.
    #[error("an endpoint wants at least one type of event")]
    NoTypes,
    /// No secret could be made.
    #[error("the operating system gives no random bits")]
    NoRandomBits,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreateEndpointError {
    "webhook_endpoint_url_once" => CreateEndpointError::Taken,
    "webhook_endpoint_url_encrypted" => CreateEndpointError::NotEncrypted,
});

/// Adds an endpoint. Its secret is in the answer, to be shown once.
///
/// # Errors
/// See [`CreateEndpointError`].
pub async fn create_endpoint(
    pool: &PgPool,
    context: &Context,
    request: &CreateEndpoint,
) -> Result<(WebhookEndpointId, Secret), CreateEndpointError> {
    if request.types.is_empty() {
        return Err(CreateEndpointError::NoTypes);
    }
    let secret = Secret::random().map_err(|_| CreateEndpointError::NoRandomBits)?;
    let id: WebhookEndpointId = context.id();
    crate::transact!(pool, CreateEndpointError, |connection| {
        sqlx::query(
            "INSERT INTO webhook_endpoint (id, url, description, created_at)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(id)
        .bind(request.url.as_str())
        .bind(&request.description)
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        if !subscribe(connection, id, &request.types).await? {
            Err(CreateEndpointError::UnknownType)?;
        }
        enter(connection, context, id, &secret).await?;
        Ok(())
    })?;
    Ok((id, secret))
}

/// Subscribes to the newest version of each type; false: one of them is not in the catalogue.
async fn subscribe(
    connection: &mut PgConnection,
    endpoint: WebhookEndpointId,
    types: &[String],
) -> Result<bool, sqlx::Error> {
    let mut types = types.to_vec();
    types.sort_unstable();
    types.dedup();
    let known = sqlx::query(
        "INSERT INTO webhook_subscription (endpoint_id, type, version)
         SELECT $1, type, max(version) FROM event_type WHERE type = ANY ($2) GROUP BY type",
    )
    .bind(endpoint)
    .bind(&types)
    .execute(connection)
    .await?
    .rows_affected();
    Ok(usize::try_from(known).is_ok_and(|known| known == types.len()))
}

async fn enter(
    connection: &mut PgConnection,
    context: &Context,
    endpoint: WebhookEndpointId,
    secret: &Secret,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO webhook_secret (id, endpoint_id, secret, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(context.id::<WebhookSecretId>())
    .bind(endpoint)
    .bind(secret.bytes())
    .bind(context.now())
    .execute(connection)
    .await?;
    Ok(())
}

/// Why there is nothing to change.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// It does not exist, or is deleted.
    #[error("there is no such endpoint")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(EndpointError {});

/// A change of an endpoint; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateEndpoint {
    /// What it is for.
    pub description: Option<Label>,
    /// Which events it wants.
    pub types: Option<Vec<String>>,
    /// Whether it gets any. One that answered 410 Gone is enabled again by a person.
    pub enabled: Option<bool>,
}

/// Why an endpoint was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateEndpointError {
    /// It does not exist, or is deleted.
    #[error("there is no such endpoint")]
    NotFound,
    /// The catalogue has no such event.
    #[error("there is no event of one of these types")]
    UnknownType,
    /// An endpoint without events is of no use.
    #[error("an endpoint wants at least one type of event")]
    NoTypes,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(UpdateEndpointError {});

/// Changes an endpoint. What waited while it was disabled is sent once it is enabled.
///
/// # Errors
/// See [`UpdateEndpointError`].
pub async fn update_endpoint(
    pool: &PgPool,
    context: &Context,
    id: WebhookEndpointId,
    request: &UpdateEndpoint,
) -> Result<(), UpdateEndpointError> {
    if request.types.as_ref().is_some_and(Vec::is_empty) {
        return Err(UpdateEndpointError::NoTypes);
    }
    crate::transact!(pool, UpdateEndpointError, |connection| {
        let changed = sqlx::query(
            "UPDATE webhook_endpoint
                SET description = coalesce($2, description),
                    disabled_at = CASE $3 WHEN true THEN NULL
                                          WHEN false THEN coalesce(disabled_at, $4)
                                          ELSE disabled_at END,
                    disabled_reason = CASE $3 WHEN true THEN NULL
                                              WHEN false THEN coalesce(disabled_reason,
                                                                       'somebody disabled it')
                                              ELSE disabled_reason END,
                    rests_until = CASE $3 WHEN true THEN NULL ELSE rests_until END
              WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id)
        .bind(&request.description)
        .bind(request.enabled)
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        if changed.rows_affected() == 0 {
            Err(UpdateEndpointError::NotFound)?;
        }
        if let Some(types) = &request.types {
            sqlx::query("DELETE FROM webhook_subscription WHERE endpoint_id = $1")
                .bind(id)
                .execute(&mut *connection)
                .await?;
            if !subscribe(connection, id, types).await? {
                Err(UpdateEndpointError::UnknownType)?;
            }
        }
        Ok(())
    })
}

/// Deletes an endpoint: what was not delivered to it never will be.
///
/// # Errors
/// [`EndpointError::NotFound`].
pub async fn delete_endpoint(
    pool: &PgPool,
    context: &Context,
    id: WebhookEndpointId,
) -> Result<(), EndpointError> {
    crate::transact!(pool, EndpointError, |connection| {
        let deleted = sqlx::query(
            "UPDATE webhook_endpoint SET deleted_at = greatest(created_at, $2)
              WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id)
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        if deleted.rows_affected() == 0 {
            Err(EndpointError::NotFound)?;
        }
        sqlx::query(
            "UPDATE webhook_delivery
                SET state = 'cancelled', next_attempt_at = NULL, closed_at = $2
              WHERE endpoint_id = $1 AND state = 'pending'",
        )
        .bind(id)
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        sqlx::query("DELETE FROM webhook_subscription WHERE endpoint_id = $1")
            .bind(id)
            .execute(&mut *connection)
            .await?;
        Ok(())
    })
}

/// Why a secret was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RotateSecretError {
    /// The endpoint does not exist, or is deleted.
    #[error("there is no such endpoint")]
    NotFound,
    /// No secret could be made.
    #[error("the operating system gives no random bits")]
    NoRandomBits,
    /// Another change was faster, or the old secret would have ended before it began.
    #[error("the secret was changed just now")]
    TooSoon,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RotateSecretError {
    "webhook_secret_one_current" => RotateSecretError::TooSoon,
    "webhook_secret_expires_after_creation" => RotateSecretError::TooSoon,
});

/// Gives the endpoint another secret, to be shown once. The old one signs beside it for `keep`.
///
/// # Errors
/// See [`RotateSecretError`].
pub async fn rotate_secret(
    pool: &PgPool,
    context: &Context,
    id: WebhookEndpointId,
    keep: TimeDelta,
) -> Result<Secret, RotateSecretError> {
    let secret = Secret::random().map_err(|_| RotateSecretError::NoRandomBits)?;
    crate::transact!(pool, RotateSecretError, |connection| {
        let there: Option<DateTime<Utc>> = sqlx::query_scalar(
            "SELECT created_at FROM webhook_endpoint
              WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE",
        )
        .bind(id)
        .fetch_optional(&mut *connection)
        .await?;
        if there.is_none() {
            Err(RotateSecretError::NotFound)?;
        }
        sqlx::query(
            "UPDATE webhook_secret SET expires_at = $2
              WHERE endpoint_id = $1 AND expires_at IS NULL",
        )
        .bind(id)
        .bind(context.now() + keep.max(TimeDelta::zero()))
        .execute(&mut *connection)
        .await?;
        enter(connection, context, id, &secret).await?;
        Ok(())
    })?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_encrypted_or_stays_on_the_machine() {
        for url in [
            "https://example.com/hooks",
            "https://EXAMPLE.com:8443/a?b=c",
            "http://localhost:3000/hooks",
            "http://127.0.0.1/",
            "http://[::1]:9/",
        ] {
            assert!(url.parse::<EndpointUrl>().is_ok(), "{url}");
        }
        for url in [
            "",
            "example.com",
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "https://user:secret@example.com/",
            "https://example.com/#fragment",
            "ftp://example.com/",
            "https://",
            "https://exa mple.com/",
            "javascript:alert(1)",
        ] {
            assert!(url.parse::<EndpointUrl>().is_err(), "{url}");
        }
        let long = format!("https://example.com/{}", "a".repeat(2000));
        assert_eq!(long.parse::<EndpointUrl>(), Err(TextError::TooLong { max: 2000 }));
    }
}
