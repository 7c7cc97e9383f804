//! Requests that may be repeated (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! In: the header `Idempotency-Key` and the request. Out: the work, done once, and its answer, as
//! often as it is asked for. The key is claimed first and in the transaction of the work, so it is
//! taken exactly when the work is done; a refusal takes nothing, and the key is free again.
//!
//! Where a provider is asked between two transactions, the first writes down under the key what it
//! has begun. Whoever repeats the request after a crash finds that, and finishes it.
//!
//! An answer that holds a secret is kept sealed with the token of who asked.
//!
//! **Invariant**: nothing is begun twice under one key of one caller within [`LIFE`].

use std::borrow::Cow;

use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool};

use super::access::bearer;
use super::body::read_json;
use super::seal::Seal;
use super::{AppState, Caller, Code, Problem};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::inventory::{AnswerOfHold, HoldKey};

/// The header.
pub const HEADER: &str = "idempotency-key";

/// On an answer that was given before.
pub const REPLAYED: &str = "idempotent-replayed";

/// How long an answer is kept.
pub const LIFE: TimeDelta = TimeDelta::hours(24);

/// How long work that spans transactions is left alone before a repeated request takes it over.
const LOCK: TimeDelta = TimeDelta::seconds(60);

/// A request with a key.
#[derive(Debug)]
pub(crate) struct Keyed<T> {
    /// What is asked for.
    pub(crate) body: T,
    /// The key, for the caller and the route.
    pub(crate) claim: Claim,
}

/// A key of a caller on a route, and what is asked under it.
#[derive(Debug)]
pub(crate) struct Claim {
    scope: String,
    key: String,
    digest: Vec<u8>,
    seal: Seal,
}

/// What claiming a key came to.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It is new: the work is to be done.
    New,
    /// The work was done, and this was the answer.
    Answered(Answer),
    /// This was begun, and whoever began it is gone.
    Unfinished(String),
}

/// An answer that can be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    status: StatusCode,
    etag: Option<String>,
    body: String,
    replayed: bool,
    secret: bool,
}

impl Answer {
    /// An answer of JSON.
    pub(crate) fn new(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(body).map_err(|_| Problem::new(Code::Internal))?;
        Ok(Self { status, etag: None, body, replayed: false, secret: false })
    }

    /// Something was made.
    pub(crate) fn made(body: &impl Serialize) -> Result<Self, Problem> {
        Self::new(StatusCode::CREATED, body)
    }

    /// Something was done.
    pub(crate) fn done(body: &impl Serialize) -> Result<Self, Problem> {
        Self::new(StatusCode::OK, body)
    }

    /// With the version of what is shown.
    pub(crate) fn version(mut self, version: i64) -> Self {
        self.etag = Some(format!("\"{version}\""));
        self
    }

    /// With something in it that nobody else may read, also not in the database.
    pub(crate) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(etag) = self.etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
            headers.insert(header::ETAG, etag);
        }
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// Does work of one transaction once per key: the block gives a `Result<Answer, Problem>`, and its
/// `?` leaves it.
macro_rules! once {
    ($state:expr, $context:expr, $claim:expr, |$connection:ident| $body:block) => {
        $crate::transact!(&$state.pool, $crate::http::Problem, |$connection| {
            match $claim.take($connection, $context).await? {
                $crate::http::idempotency::Taken::Answered(answer) => Ok(answer),
                _ => {
                    let answer: $crate::http::idempotency::Answer = $body?;
                    $claim.complete($connection, $context, &answer).await?;
                    Ok(answer)
                }
            }
        })
    };
}
pub(crate) use once;

// The lock is tried for, not waited for: a twin that runs is told apart from one that is done.
const TAKE: &str = "
    WITH turn AS MATERIALIZED (
        SELECT pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0)) AS mine
    ), made AS (
        INSERT INTO idempotency_key (scope, key, request_hash, locked_until, created_at, expires_at)
        SELECT $1, $2, $3, $4, $5, $6 FROM turn WHERE mine
        ON CONFLICT ON CONSTRAINT idempotency_key_once DO NOTHING RETURNING 1
    )
    SELECT mine, EXISTS (SELECT FROM made) FROM turn";

const FIND: &str = "
    SELECT request_hash, expires_at, locked_until, resource, response_status,
           response_headers ->> 'etag', coalesce(response_body, ''),
           coalesce((response_headers -> 'sealed')::boolean, false)
      FROM idempotency_key WHERE scope = $1 AND key = $2";

/// The digest, two times, the resource, and [`Kept`].
type Found = (
    Vec<u8>,
    DateTime<Utc>,
    DateTime<Utc>,
    Option<String>,
    Option<i16>,
    Option<String>,
    String,
    bool,
);

/// Status, version and body of an answer, and whether the body is sealed.
type Kept = (i16, Option<String>, String, bool);

impl Claim {
    /// Claims the key, in the transaction of the work.
    ///
    /// # Errors
    /// 409 while a twin is running, 422 if the key was for something else.
    pub(crate) async fn take(
        &self,
        connection: &mut PgConnection,
        context: &Context,
    ) -> Result<Taken, Problem> {
        let running = || Problem::new(Code::RequestInProgress).retry_after(1);
        let (mine, new) = self.insert(connection, context).await?;
        if !mine {
            return Err(running());
        }
        if new {
            return Ok(Taken::New);
        }
        let found: Option<Found> = sqlx::query_as(FIND)
            .bind(&self.scope)
            .bind(&self.key)
            .fetch_optional(&mut *connection)
            .await?;
        let now = context.now();
        let (digest, _, locked_until, resource, status, etag, body, sealed) = match found {
            Some(found) if found.1 > now => found,
            _ => {
                self.forget(connection).await?;
                self.insert(connection, context).await?;
                return Ok(Taken::New);
            }
        };
        if digest != self.digest {
            return Err(Problem::new(Code::IdempotencyKeyReused));
        }
        if let Some(status) = status {
            return self.given((status, etag, body, sealed)).map(Taken::Answered);
        }
        if locked_until > now {
            return Err(running());
        }
        self.lock_until(connection, now + LOCK).await?;
        Ok(resource.map_or(Taken::New, Taken::Unfinished))
    }

    /// For holds, which are written many at once, each with its key.
    pub(crate) fn for_hold(&self, context: &Context, answer: AnswerOfHold) -> HoldKey {
        HoldKey {
            scope: self.scope.clone(),
            key: self.key.clone(),
            digest: self.digest.clone(),
            expires_at: context.now() + LIFE,
            answer,
        }
    }

    /// What was answered under the key; none if that is nothing, or so long ago that it is
    /// forgotten now.
    ///
    /// # Errors
    /// 422 if the key was for something else.
    pub(crate) async fn answered(
        &self,
        pool: &PgPool,
        context: &Context,
    ) -> Result<Option<Answer>, Problem> {
        sqlx::query(
            "DELETE FROM idempotency_key WHERE scope = $1 AND key = $2 AND expires_at <= $3",
        )
        .bind(&self.scope)
        .bind(&self.key)
        .bind(context.now())
        .execute(pool)
        .await?;
        let found: Option<Found> =
            sqlx::query_as(FIND).bind(&self.scope).bind(&self.key).fetch_optional(pool).await?;
        let Some((digest, _, _, _, status, etag, body, sealed)) = found else { return Ok(None) };
        if digest != self.digest {
            return Err(Problem::new(Code::IdempotencyKeyReused));
        }
        status.map(|status| self.given((status, etag, body, sealed))).transpose()
    }

    /// An answer that was given, as it was.
    fn given(&self, (status, etag, body, sealed): Kept) -> Result<Answer, Problem> {
        let unreadable = || Problem::new(Code::Internal);
        let status = u16::try_from(status).ok().and_then(|s| StatusCode::from_u16(s).ok());
        let status = status.ok_or_else(unreadable)?;
        let body = if sealed {
            self.seal.open(&self.place(), &body).map_err(|_| unreadable())?
        } else {
            body
        };
        Ok(Answer { status, etag, body, replayed: true, secret: sealed })
    }

    /// Whose key it is, and the key.
    pub(crate) fn names(&self) -> (&str, &str) {
        (&self.scope, &self.key)
    }

    /// For what a secret is sealed.
    fn place(&self) -> String {
        format!("{} {}", self.scope, self.key)
    }

    async fn insert(
        &self,
        connection: &mut PgConnection,
        context: &Context,
    ) -> Result<(bool, bool), sqlx::Error> {
        let now = context.now();
        sqlx::query_as(TAKE)
            .bind(&self.scope)
            .bind(&self.key)
            .bind(&self.digest)
            .bind(now + LOCK)
            .bind(now)
            .bind(now + LIFE)
            .fetch_one(connection)
            .await
    }

    async fn forget(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM idempotency_key WHERE scope = $1 AND key = $2")
            .bind(&self.scope)
            .bind(&self.key)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Leaves work that spans transactions alone until then.
    pub(crate) async fn lock_until(
        &self,
        connection: &mut PgConnection,
        until: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE idempotency_key SET locked_until = $3
              WHERE scope = $1 AND key = $2 AND state = 'in_progress'",
        )
        .bind(&self.scope)
        .bind(&self.key)
        .bind(until)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Writes down what was begun, in the transaction that began it.
    pub(crate) async fn begun(
        &self,
        connection: &mut PgConnection,
        resource: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE idempotency_key SET resource = $3 WHERE scope = $1 AND key = $2")
            .bind(&self.scope)
            .bind(&self.key)
            .bind(resource)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Keeps the answer.
    pub(crate) async fn complete(
        &self,
        connection: &mut PgConnection,
        _: &Context,
        answer: &Answer,
    ) -> Result<(), sqlx::Error> {
        let mut headers = Map::new();
        if let Some(etag) = &answer.etag {
            headers.insert("etag".to_owned(), etag.as_str().into());
        }
        let mut body = Cow::from(&answer.body);
        if answer.secret {
            headers.insert("sealed".to_owned(), true.into());
            let sealed = self.seal.seal(&self.place(), &body);
            body = sealed.map_err(|error| sqlx::Error::Encode(error.into()))?.into();
        }
        sqlx::query(
            "UPDATE idempotency_key SET state = 'completed', response_status = $3,
                    response_headers = $4, response_body = $5
              WHERE scope = $1 AND key = $2 AND state = 'in_progress'",
        )
        .bind(&self.scope)
        .bind(&self.key)
        .bind(i16::try_from(answer.status.as_u16()).unwrap_or(i16::MAX))
        .bind((!headers.is_empty()).then_some(Value::Object(headers)))
        .bind(body)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Forgets answers that were kept long enough, at most `limit` of them; gives how many.
///
/// # Errors
/// The database.
pub async fn forget_expired(
    pool: &PgPool,
    context: &Context,
    limit: u32,
) -> Result<u64, DatabaseError> {
    let gone = sqlx::query(
        "DELETE FROM idempotency_key WHERE (scope, key) IN (
             SELECT scope, key FROM idempotency_key WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(context.now())
    .bind(i64::from(limit))
    .execute(pool)
    .await?;
    Ok(gone.rows_affected())
}

impl<T: DeserializeOwned> FromRequest<AppState> for Keyed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let key = key_of(request.headers())?;
        let extensions = request.extensions();
        let caller = extensions.get::<Caller>().map(Caller::name);
        let caller = caller.ok_or_else(|| Problem::new(Code::CredentialsMissing))?;
        let seal = Seal::of(bearer(request.headers())?);
        let seal = seal.map_err(|_| Problem::new(Code::Internal))?;
        let route = extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let scope = format!("{caller} {route}");
        let mut hash = Sha256::new();
        hash.update(request.uri().path());
        let value: Value = read_json(request, state.limits.body_bytes).await?;
        // Written anew, so that neither the order of members nor white space makes a difference.
        hash.update(value.to_string());
        let digest = hash.finalize().to_vec();
        let body = super::body::from_value(value)?;
        Ok(Self { body, claim: Claim { scope, key, digest, seal } })
    }
}

/// The only key: a string of structured fields, or its characters alone.
fn key_of(headers: &HeaderMap) -> Result<String, Problem> {
    let mut all = headers.get_all(HEADER).iter();
    let value = all.next().ok_or_else(|| Problem::new(Code::IdempotencyKeyMissing))?;
    let invalid = || Problem::new(Code::HeaderInvalid).with("header", "Idempotency-Key");
    let text = value.to_str().map_err(|_| invalid())?.trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').ok_or_else(invalid)?,
        None => text,
    };
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | ',' | ';');
    let well_formed = (1..=255).contains(&key.len()) && key.chars().all(plain);
    if well_formed && all.next().is_none() { Ok(key.to_owned()) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<String, Code> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        key_of(&headers).map_err(|problem| problem.code())
    }

    #[test]
    fn a_key_is_a_string_or_its_characters() {
        assert_eq!(read(&["\"8e03978e-40d5\""]), Ok("8e03978e-40d5".to_owned()));
        assert_eq!(read(&["8e03978e-40d5"]), Ok("8e03978e-40d5".to_owned()));
        assert_eq!(read(&[&"x".repeat(255)]), Ok("x".repeat(255)));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(read(&[]), Err(Code::IdempotencyKeyMissing));
        for bad in ["", "\"\"", "\"a", "a b", "a,b", "a\\b", &"x".repeat(256)] {
            assert_eq!(read(&[bad]), Err(Code::HeaderInvalid), "{bad}");
        }
        assert_eq!(read(&["a", "a"]), Err(Code::HeaderInvalid));
    }
}
