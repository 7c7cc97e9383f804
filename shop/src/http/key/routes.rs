//! `/v1/api-keys`.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    CreateKey, CreateKeyError, RevokeKeyError, RotateKeyError, create_key, revoke_key, rotate_key,
};
use crate::http::{
    AppState, Body, Caller, Code, Page, PageQuery, Problem, Search, Segment, problems,
};
use crate::id::ApiKeyId;
use crate::value::{Label, Slug};

problems!(CreateKeyError {
    E::UnknownScope => ScopeUnknown,
    E::ExpiresInThePast => TimeInThePast,
    E::NoRequests => LimitNotPositive,
});
problems!(RevokeKeyError { E::NotFound => ApiKeyNotFound });
problems!(RotateKeyError {
    E::NotFound => ApiKeyNotFound,
    E::Replaced => ApiKeyReplaced,
    E::ExpiresInThePast => TimeInThePast,
});

/// How long an old key works beside the one that follows it, at most.
const OVERLAP_MAX: u32 = 30 * 24 * 60 * 60;

pub(in crate::http) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(revoke)).routes(routes!(rotate))
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    name: Label,
    /// At most those of the key that asks.
    #[schema(value_type = Vec<Slug>, max_items = 100)]
    scopes: BTreeSet<Slug>,
    expires_at: Option<DateTime<Utc>>,
    #[schema(minimum = 1)]
    per_minute: Option<i32>,
}

/// A key that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeKey {
    id: ApiKeyId,
    /// The key itself; shown this once.
    key: String,
}

/// Makes a key, which may do at most what the key that asks may do.
#[utoipa::path(post, path = "/v1/api-keys", tag = "keys", request_body = NewKey,
    security(("api_key" = ["keys.write"])),
    responses((status = 201, body = MadeKey)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<MadeKey>), Problem> {
    if let Some(more) = new.scopes.iter().find(|scope| !caller.has(scope.as_str())) {
        return Err(Problem::new(Code::ScopeMissing).with("scope", more));
    }
    let NewKey { name, scopes, expires_at, per_minute } = new;
    let request = CreateKey { name, scopes, expires_at, per_minute };
    let (id, key) = create_key(&state.pool, &caller.context(&state), &request).await?;
    Ok((StatusCode::CREATED, Json(MadeKey { id, key: key.reveal() })))
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct KnownKey {
    id: ApiKeyId,
    name: Label,
    prefix: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

/// Lists keys, the oldest first.
#[utoipa::path(get, path = "/v1/api-keys", tag = "keys", params(PageQuery),
    security(("api_key" = ["keys.write"])),
    responses((status = 200, body = Page<KnownKey>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<KnownKey>>, Problem> {
    type Row = (
        ApiKeyId,
        Label,
        String,
        Vec<String>,
        DateTime<Utc>,
        Option<DateTime<Utc>>,
        Option<DateTime<Utc>>,
    );
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, name::text, prefix,
                ARRAY(SELECT scope::text FROM api_key_scope WHERE api_key_id = api_key.id
                       ORDER BY scope),
                created_at, expires_at, revoked_at
           FROM api_key WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
    )
    .bind(page.after::<ApiKeyId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one = |(id, name, prefix, scopes, created_at, expires_at, revoked_at): Row| KnownKey {
        id,
        name,
        prefix,
        scopes,
        created_at,
        expires_at,
        revoked_at,
    };
    let all = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(all, page.limit, |one: &KnownKey| one.id.to_string())))
}

/// Revokes a key: at once here, within a second elsewhere.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", tag = "keys", params(("id" = ApiKeyId, Path)),
    security(("api_key" = ["keys.write"])),
    responses((status = 204)))]
async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    revoke_key(&state.pool, &caller.context(&state), id).await?;
    state.keys.forget(id);
    Ok(StatusCode::NO_CONTENT)
}

/// How a key is followed by another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// For how many seconds the old key still works.
    #[schema(maximum = 2_592_000)]
    overlap_seconds: u32,
}

/// Makes the key that follows another, with its name, scopes and limit.
#[utoipa::path(post, path = "/v1/api-keys/{id}/rotate", tag = "keys", request_body = Rotation,
    params(("id" = ApiKeyId, Path)), security(("api_key" = ["keys.write"])),
    responses((status = 201, body = MadeKey)))]
async fn rotate(
    State(state): State<AppState>,
    caller: Caller,
    Segment(old): Segment<ApiKeyId>,
    Body(Rotation { overlap_seconds }): Body<Rotation>,
) -> Result<(StatusCode, Json<MadeKey>), Problem> {
    if overlap_seconds > OVERLAP_MAX {
        return Err(Problem::new(Code::BodyInvalid).with("field", "overlap_seconds"));
    }
    let context = caller.context(&state);
    let scopes: Vec<String> =
        sqlx::query_scalar("SELECT scope::text FROM api_key_scope WHERE api_key_id = $1")
            .bind(old)
            .fetch_all(&state.pool)
            .await?;
    // Whoever gets the new key can do all of it.
    if let Some(more) = scopes.iter().find(|scope| !caller.has(scope)) {
        return Err(Problem::new(Code::ScopeMissing).with("scope", more));
    }
    let until = context.now() + TimeDelta::seconds(overlap_seconds.into());
    let (id, key) = rotate_key(&state.pool, &context, old, until).await?;
    state.keys.forget(old);
    Ok((StatusCode::CREATED, Json(MadeKey { id, key: key.reveal() })))
}
