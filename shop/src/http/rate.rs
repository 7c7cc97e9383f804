//! How often a key may ask: so many requests in a minute, over all instances of the service.
//!
//! In: a key and its limit. Out: yes, or 429 with the seconds until the minute is over. Minutes are
//! those of the clock. An instance takes a twentieth of a key's minute at a time out of the row of
//! `rate_limit_window` that all instances share, and spends that without asking: a key costs at
//! most twenty small writes a minute on each instance, and none once its minute is spent.
//!
//! How exact that is: never more than the limit in a minute of the clock, so never more than twice
//! the limit in any sixty seconds. What an instance has taken and not spent is lost to the others
//! until the minute is over: with `n` instances, a key that asks them unevenly is refused at most
//! `n - 1` twentieths early.
//!
//! **Invariant**: what is spent was taken before, and the row never gives more than the limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use sqlx::PgPool;
use tokio::sync::Mutex as AsyncMutex;

use super::{Code, Problem};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::ApiKeyId;

/// What is counted together.
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// How many keys are remembered; beyond that, those of minutes that are over are forgotten.
const MOST: usize = 10_000;

/// What is left of what was taken.
#[derive(Debug, Default)]
struct Taken {
    /// The minute that it is for.
    window: DateTime<Utc>,
    left: i32,
    /// Nothing can be taken any more.
    spent: bool,
}

/// Counts the requests of each key.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<ApiKeyId, Arc<AsyncMutex<Taken>>>>);

// Each taking is a twentieth, the last one the rest; what was taken follows from what is used
// then. The first one of a minute also says that the key is in use.
const TAKE: &str = "
    WITH used AS (
        UPDATE api_key SET last_used_at = $5
         WHERE $6 AND id = $4 AND (last_used_at IS NULL OR last_used_at < $2))
    INSERT INTO rate_limit_window AS one (subject, starts_at, allowed, used)
    VALUES ($1, $2, $3, greatest(1, $3 / 20))
    ON CONFLICT ON CONSTRAINT rate_limit_window_identity
    DO UPDATE SET used = least(one.allowed, one.used + greatest(1, one.allowed / 20))
            WHERE one.used < one.allowed
    RETURNING CASE WHEN used < allowed THEN greatest(1, allowed / 20)
                   ELSE allowed - (allowed - 1) / greatest(1, allowed / 20)
                                * greatest(1, allowed / 20) END";

impl Rates {
    /// Counts one request of a key that may make so many in a minute.
    ///
    /// # Errors
    /// The minute is spent, or the database failed.
    pub(super) async fn count(
        &self,
        pool: &PgPool,
        context: &Context,
        key: ApiKeyId,
        per_minute: i32,
    ) -> Result<(), Problem> {
        let now = context.now();
        let window = now.duration_trunc(WINDOW).map_err(|_| Problem::new(Code::Internal))?;
        let of_key = self.of(key, window);
        // Whoever comes while more is taken waits for that, and spends from it.
        let mut taken = of_key.lock().await;
        let new = taken.window != window;
        if new {
            *taken = Taken { window, left: 0, spent: false };
        }
        if taken.left == 0 && !taken.spent {
            let more: Option<i32> = sqlx::query_scalar(TAKE)
                .bind(key.to_string())
                .bind(window)
                .bind(per_minute)
                .bind(key)
                .bind(now)
                .bind(new)
                .fetch_optional(pool)
                .await?;
            taken.left = more.unwrap_or(0);
            taken.spent = more.is_none();
        }
        if taken.left == 0 {
            let rest = (window + WINDOW - now).num_seconds() + 1;
            let rest = u32::try_from(rest.clamp(1, 60)).unwrap_or(1);
            return Err(Problem::new(Code::RateLimited).retry_after(rest));
        }
        taken.left -= 1;
        Ok(())
    }

    fn of(&self, key: ApiKeyId, window: DateTime<Utc>) -> Arc<AsyncMutex<Taken>> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MOST && !keys.contains_key(&key) {
            // One that somebody is counting in is of this minute.
            keys.retain(|_, one| one.try_lock().map_or(true, |taken| taken.window == window));
        }
        Arc::clone(keys.entry(key).or_default())
    }
}

/// Forgets minutes that are over, at most `limit` of them; gives how many.
///
/// # Errors
/// The database.
pub async fn forget_windows(
    pool: &PgPool,
    context: &Context,
    limit: u32,
) -> Result<u64, DatabaseError> {
    let gone = sqlx::query(
        "DELETE FROM rate_limit_window WHERE (subject, starts_at) IN (
             SELECT subject, starts_at FROM rate_limit_window WHERE starts_at < $1
              ORDER BY starts_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(context.now() - WINDOW * 10)
    .bind(i64::from(limit))
    .execute(pool)
    .await?;
    Ok(gone.rows_affected())
}
