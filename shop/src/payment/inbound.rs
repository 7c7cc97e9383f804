//! `POST /v1/webhooks/{provider}`: news of a provider, from the outside.
//!
//! In: the raw body and `provider-signature: t=<seconds>,v1=<hex>[,v1=<hex>]`, an HMAC-SHA256 over
//! `<seconds>.<body>`, as Stripe has it. Out: 200 once the news are stored, whatever became of
//! them, so that the provider sends them no more; 401 for what is forged or stale.
//!
//! **Invariant**: nothing is read of a body before its signature was checked, over the bytes as
//! they came.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::reference::ProviderReference;
use super::webhook::{HearError, Heard, News, Notice, hear};
use crate::context::{Actor, Context};
use crate::http::{AppState, Code, Problem, read};
use crate::value::Slug;

/// How far the provider's time may be from ours.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(300);

/// The header that carries time and signatures.
pub const HEADER: &str = "provider-signature";

/// What providers sign with, by their codes; several while one is changed. Its `Debug` hides them.
#[derive(Clone, Default)]
pub struct NoticeSecrets(Arc<BTreeMap<String, Vec<String>>>);

/// A text that names no secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not of the form provider=secret, with at least 16 characters of secret")]
pub struct NoticeSecretsError;

impl FromStr for NoticeSecrets {
    type Err = NoticeSecretsError;

    /// Reads `fake=secret,other=secret`; a provider that comes twice has two.
    fn from_str(text: &str) -> Result<Self, NoticeSecretsError> {
        let mut secrets: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (provider, secret) = part.trim().split_once('=').ok_or(NoticeSecretsError)?;
            let provider: Slug = provider.parse().map_err(|_| NoticeSecretsError)?;
            if secret.len() < 16 {
                return Err(NoticeSecretsError);
            }
            secrets.entry(provider.as_str().to_owned()).or_default().push(secret.to_owned());
        }
        Ok(Self(Arc::new(secrets)))
    }
}

impl fmt::Debug for NoticeSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// What the provider puts into the header.
pub fn signature(secret: &str, at: DateTime<Utc>, body: &[u8]) -> String {
    let timestamp = at.timestamp();
    let mut text = format!("t={timestamp},v1=");
    for byte in mac(secret, timestamp, body) {
        // A string takes all.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn mac(secret: &str, timestamp: i64, body: &[u8]) -> [u8; 32] {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return [0; 32] };
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().into()
}

impl NoticeSecrets {
    /// Whether the header is of one of the provider's secrets, over this body, about now.
    fn believe(&self, provider: &str, header: &str, body: &[u8], now: DateTime<Utc>) -> bool {
        let values = |name: &'static str| {
            header
                .split(',')
                .filter_map(move |part| part.trim().split_once('='))
                .filter_map(move |(key, value)| (key == name).then_some(value))
        };
        let Some(timestamp) = values("t").next().and_then(|text| text.parse::<i64>().ok()) else {
            return false;
        };
        let secrets = self.0.get(provider).map_or(&[][..], Vec::as_slice);
        let fits = secrets.iter().any(|secret| {
            let expected = mac(secret, timestamp, body);
            values("v1").any(|digits| {
                from_hex(digits).is_some_and(|given| bool::from(expected.ct_eq(&given)))
            })
        });
        let age = now.timestamp().abs_diff(timestamp);
        fits && age <= TOLERANCE.num_seconds().unsigned_abs()
    }
}

fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    id: ProviderReference,
    occurred_at: DateTime<Utc>,
    news: News,
}

/// What became of it, for the provider's logs.
#[derive(Debug, Serialize)]
pub(crate) struct Taken {
    heard: &'static str,
}

/// Takes news.
pub(crate) async fn receive(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    request: Request,
) -> Result<Json<Taken>, Problem> {
    let context: Context = state.context.acting(Actor::named(&format!("provider:{provider}")));
    let header = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let header = header.unwrap_or_default().to_owned();
    let body = read(request, state.limits.body_bytes).await?;
    if !state.notices.believe(&provider, &header, &body, context.now()) {
        return Err(Problem::new(Code::SignatureInvalid));
    }
    // What follows comes from the provider, and is what it signed.
    let provider: Slug = provider.parse().map_err(|_| Problem::new(Code::SignatureInvalid))?;
    let Told { id, occurred_at, news } =
        serde_json::from_slice(&body).map_err(|_| Problem::new(Code::BodyInvalid))?;
    let notice = Notice { provider, event: id, occurred_at, news };
    let heard = match hear(&state.pool, &context, &notice).await {
        Ok(heard) => heard,
        Err(HearError::Database(error)) => return Err(error.into()),
        Err(HearError::NoProvider) => return Err(Problem::new(Code::SignatureInvalid)),
        // It is stored: the worker tries it again.
        Err(HearError::Unreadable | HearError::Settle(_) | HearError::Dispute(_)) => Heard::Waiting,
    };
    Ok(Json(Taken {
        heard: match heard {
            Heard::Applied => "applied",
            Heard::Ignored => "ignored",
            Heard::Waiting => "waiting",
            Heard::Failed => "failed",
            Heard::Duplicate => "duplicate",
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_believed_for_its_body_its_provider_and_its_time() {
        let secrets: NoticeSecrets =
            "fake=0123456789abcdef,fake=fedcba9876543210,other=0000000000000000".parse().unwrap();
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for secret in ["0123456789abcdef", "fedcba9876543210"] {
            let header = signature(secret, now, b"{}");
            assert!(secrets.believe("fake", &header, b"{}", now));
            assert!(!secrets.believe("fake", &header, b"{ }", now));
            assert!(!secrets.believe("other", &header, b"{}", now));
            assert!(!secrets.believe("unknown", &header, b"{}", now));
            for seconds in [-301, 301] {
                assert!(!secrets.believe(
                    "fake",
                    &header,
                    b"{}",
                    now + TimeDelta::seconds(seconds)
                ));
            }
            let both = format!("{header},v1={}", "0".repeat(64));
            assert!(secrets.believe("fake", &both, b"{}", now));
        }
        for header in ["", "t=1700000000", "v1=00", "t=x,v1=é", "t=1700000000,v1="] {
            assert!(!secrets.believe("fake", header, b"{}", now), "{header}");
        }
        assert_eq!(format!("{secrets:?}"), r#"["fake", "other"]"#);
        assert_eq!("fake=short".parse::<NoticeSecrets>().err(), Some(NoticeSecretsError));
    }
}
