//! What a key may do.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::ApiKey;
use crate::http::{AppState, Code, Problem};
use crate::id::ApiKeyId;

/// How long what was read of a key is believed: a revocation elsewhere takes effect within this.
const BELIEVED: Duration = Duration::from_secs(1);

/// How many keys are remembered.
const MOST: usize = 10_000;

/// What a key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Which key.
    pub id: ApiKeyId,
    /// What it may do.
    pub scopes: BTreeSet<String>,
    /// How often in a minute; none for as often as any.
    pub per_minute: Option<i32>,
    digest: Vec<u8>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

type Believed = HashMap<String, (Instant, Arc<Grant>)>;

/// What was read of keys a moment ago.
#[derive(Debug, Default)]
pub(in crate::http) struct KeyCache(Mutex<Believed>);

impl KeyCache {
    fn find(&self, prefix: &str) -> Option<Arc<Grant>> {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, grant) = keys.get(prefix)?;
        (read.elapsed() < BELIEVED).then(|| Arc::clone(grant))
    }

    /// Believes nothing of a key any more.
    pub(in crate::http) fn forget(&self, id: ApiKeyId) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, (_, grant)| grant.id != id);
    }

    fn keep(&self, prefix: &str, grant: &Arc<Grant>) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MOST {
            keys.clear();
        }
        keys.insert(prefix.to_owned(), (Instant::now(), Arc::clone(grant)));
    }
}

const FIND: &str = "
    SELECT id, secret_hash, rate_limit_per_minute, expires_at, revoked_at,
           ARRAY(SELECT scope::text FROM api_key_scope WHERE api_key_id = api_key.id)
      FROM api_key WHERE prefix = $1";

type Row =
    (ApiKeyId, Vec<u8>, Option<i32>, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Vec<String>);

/// What the key of this text may do, once it is proven and counted.
pub(in crate::http) async fn verify(state: &AppState, text: &str) -> Result<Arc<Grant>, Problem> {
    let refused = || Problem::new(Code::CredentialsInvalid);
    let key: ApiKey = text.parse().map_err(|_| refused())?;
    let grant = match state.keys.find(key.prefix()) {
        Some(grant) => Some(grant),
        None => read(state, key.prefix()).await?,
    };
    // An unknown prefix costs the same comparison as a wrong secret.
    let nobody = [0; 32];
    let digest = grant.as_ref().map_or(nobody.as_slice(), |grant| &grant.digest);
    if !key.has_digest(digest) {
        return Err(refused());
    }
    let grant = grant.ok_or_else(refused)?;
    let now = state.context.now();
    let over = |time: Option<DateTime<Utc>>| time.is_some_and(|time| time <= now);
    if over(grant.expires_at) || grant.revoked_at.is_some() {
        return Err(refused());
    }
    let per_minute = grant.per_minute.unwrap_or(state.limits.per_minute.get());
    state.rates.count(&state.pool, &state.context, grant.id, per_minute).await?;
    Ok(grant)
}

async fn read(state: &AppState, prefix: &str) -> Result<Option<Arc<Grant>>, Problem> {
    let row: Option<Row> = sqlx::query_as(FIND).bind(prefix).fetch_optional(&state.pool).await?;
    let Some((id, digest, per_minute, expires_at, revoked_at, scopes)) = row else {
        return Ok(None);
    };
    let scopes = scopes.into_iter().collect();
    let grant = Arc::new(Grant { id, scopes, per_minute, digest, expires_at, revoked_at });
    state.keys.keep(prefix, &grant);
    Ok(Some(grant))
}
