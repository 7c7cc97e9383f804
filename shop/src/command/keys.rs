//! `shop keys`: who may use the API.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use shop::context::{Actor, Context};
use shop::http::key::{CreateKey, create_key, revoke_key, rotate_key};
use shop::id::ApiKeyId;
use shop::value::{Label, Slug};
use sqlx::{Connection as _, PgPool};

use super::args::{KeyVerb, Keys};
use super::database::{Database, Sharing};
use super::failure::{Failure, OrFail as _};
use super::{migrate, say};

/// Of advisory locks: who holds it makes the first key.
const LOCK: i64 = 0x0073_686f_705f_6b31;

pub(super) async fn keys(arguments: &Keys) -> Result<(), Failure> {
    let database = Database::open(&arguments.database, Sharing::Join).await?;
    migrate::demand(&database.pool).await?;
    let (pool, context) = (&database.pool, &Context::system().acting(Actor::named("shop keys")));
    match &arguments.verb {
        KeyVerb::Create { name, scope, days } => {
            create(pool, context, name, scope, *days).await?;
        }
        KeyVerb::List => list(pool).await?,
        KeyVerb::Revoke { key } => {
            revoke_key(pool, context, id(key)?).await.or_fail("the key was not revoked")?;
            say::named("revoked", key);
        }
        KeyVerb::Rotate { key, hours } => {
            let until = context.now() + TimeDelta::hours(i64::from(*hours));
            let (id, new) = rotate_key(pool, context, id(key)?, until)
                .await
                .or_fail("the key was not rotated")?;
            say::named("key", &new.reveal());
            say::named("id", &id.to_string());
            say::named("old key", &format!("works until {}", minute(until)));
        }
    }
    database.close().await
}

async fn create(
    pool: &PgPool,
    context: &Context,
    name: &str,
    scopes: &[String],
    days: Option<u32>,
) -> Result<(), Failure> {
    let all = all_scopes(pool).await?;
    let scopes: BTreeSet<Slug> = if scopes.is_empty() {
        all
    } else {
        let known = all.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
        let parsed: Result<_, _> = scopes.iter().map(|scope| scope.parse()).collect();
        parsed.map_err(|_| Failure::new("there is no such scope").help(known))?
    };
    let request = CreateKey {
        name: name.parse::<Label>().or_fail("the key cannot have this name")?,
        scopes,
        expires_at: days.map(|days| context.now() + TimeDelta::days(i64::from(days))),
        per_minute: None,
    };
    let (id, key) = create_key(pool, context, &request).await.or_fail("the key was not made")?;
    say::named("key", &key.reveal());
    say::named("id", &id.to_string());
    Ok(())
}

async fn all_scopes(pool: &PgPool) -> Result<BTreeSet<Slug>, Failure> {
    let scopes: Vec<String> = sqlx::query_scalar("SELECT code::text FROM api_scope ORDER BY code")
        .fetch_all(pool)
        .await
        .or_fail("the scopes are not known")?;
    let parsed: Result<_, _> = scopes.iter().map(|scope| scope.parse()).collect();
    parsed.or_fail("the scopes are not known")
}

fn id(text: &str) -> Result<ApiKeyId, Failure> {
    text.parse().map_err(|_| {
        Failure::new(format!("{text} is not the id of a key")).help("`shop keys list` shows them")
    })
}

fn minute(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

type Listed =
    (ApiKeyId, String, String, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>, i64);

async fn list(pool: &PgPool) -> Result<(), Failure> {
    let rows: Vec<Listed> = sqlx::query_as(
        "SELECT id, name::text, prefix, created_at, expires_at, revoked_at,
                (SELECT count(*) FROM api_key_scope WHERE api_key_id = api_key.id)
           FROM api_key ORDER BY created_at, id",
    )
    .fetch_all(pool)
    .await
    .or_fail("the keys cannot be listed")?;
    let now = Context::system().now();
    for (id, name, prefix, created, expires, revoked, scopes) in rows {
        let state = match (revoked, expires) {
            (Some(at), _) => format!("revoked {}", minute(at)),
            (None, Some(at)) if at <= now => format!("expired {}", minute(at)),
            (None, Some(at)) => format!("works until {}", minute(at)),
            (None, None) => "works".to_owned(),
        };
        let made = minute(created);
        say::result(&format!("{id}  shop_{prefix}_...  {scopes} scopes  made {made}  {state}"));
        say::result(&format!("    {name}"));
    }
    Ok(())
}

/// The first key of a shop that has none; it may do everything.
pub(super) async fn first(pool: &PgPool, context: &Context) -> Result<Option<String>, Failure> {
    // A connection of its own: the lock ends with it. Of two services that begin at once, one
    // makes the key.
    let mut lock = pool.acquire().await.or_fail("no connection")?.detach();
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut lock)
        .await
        .or_fail("the keys cannot be read")?;
    let some: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM api_key)")
        .fetch_one(pool)
        .await
        .or_fail("the keys cannot be read")?;
    let key = if some {
        None
    } else {
        let request = CreateKey {
            name: "first key".parse::<Label>().or_fail("a name")?,
            scopes: all_scopes(pool).await?,
            expires_at: None,
            per_minute: None,
        };
        let made = create_key(pool, context, &request).await;
        Some(made.or_fail("the first key was not made")?.1.reveal())
    };
    lock.close().await.or_fail("the connection did not end well")?;
    Ok(key)
}
