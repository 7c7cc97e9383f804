//! Signing: HMAC-SHA256 over id, time and body.
//!
//! In: the secrets of an endpoint. Out: the header `webhook-signature`, one `v1,` per secret that
//! still signs. A receiver accepts any of them, so a secret can be changed without a gap.
//!
//! **Invariant**: signatures are compared in constant time, and a secret is in no log.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// A signing key: `whsec_` and 24 to 64 bytes in base64. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// A text or bytes that are no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a secret of 24 to 64 bytes: whsec_ and base64")]
pub struct SecretError;

/// How many random bytes a new secret has.
const BYTES: usize = 32;

impl Secret {
    /// One that nobody has.
    ///
    /// # Errors
    /// The operating system gives no random bits.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = vec![0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// What a row holds.
    ///
    /// # Errors
    /// Fewer than 24 bytes, or more than 64.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SecretError> {
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(SecretError) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, to be shown once.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let bytes = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text));
        Self::from_bytes(bytes.map_err(|_| SecretError)?)
    }
}

/// What goes with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: i64,
    /// `webhook-signature`: one or more, separated by blanks.
    pub signatures: String,
}

fn mac(secret: &Secret, id: &str, timestamp: i64, body: &[u8]) -> [u8; 32] {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&secret.0) else { return [0; 32] };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// Signs a body with every secret that still counts.
pub fn sign(secrets: &[Secret], id: &str, at: DateTime<Utc>, body: &[u8]) -> Signature {
    let timestamp = at.timestamp();
    let one = |secret| format!("v1,{}", STANDARD.encode(mac(secret, id, timestamp, body)));
    let signatures = secrets.iter().map(one).collect::<Vec<_>>().join(" ");
    Signature { id: id.to_owned(), timestamp, signatures }
}

/// Why a body is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It was sent too long ago, or is not yet to be sent.
    #[error("the timestamp is too far from now")]
    Stale,
    /// No signature is of the secret.
    #[error("no signature fits")]
    Forged,
}

/// What a receiver does: believes a body that was signed with the secret within `tolerance` of now.
///
/// # Errors
/// [`VerifyError`].
pub fn verify(
    secret: &Secret,
    signature: &Signature,
    body: &[u8],
    now: DateTime<Utc>,
    tolerance: TimeDelta,
) -> Result<(), VerifyError> {
    let expected = mac(secret, &signature.id, signature.timestamp, body);
    let fits = signature.signatures.split(' ').any(|one| {
        let given = one.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
        given.is_some_and(|given| bool::from(expected.ct_eq(&given)))
    });
    if !fits {
        return Err(VerifyError::Forged);
    }
    if now.timestamp().abs_diff(signature.timestamp) > tolerance.num_seconds().unsigned_abs() {
        return Err(VerifyError::Stale);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(timestamp: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(timestamp, 0).unwrap()
    }

    /// The vectors of the specification's libraries.
    #[test]
    fn a_body_is_signed_as_the_specification_says() {
        for (secret, id, timestamp, body, expected) in [
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
        ] {
            let secret: Secret = secret.parse().unwrap();
            let signed = sign(&[secret], id, at(timestamp), body.as_bytes());
            assert_eq!(signed.signatures, expected);
        }
    }

    #[test]
    fn while_a_secret_is_changed_both_are_believed() {
        let (old, new, other) =
            (Secret::random().unwrap(), Secret::random().unwrap(), Secret::random().unwrap());
        let now = at(1_700_000_000);
        let signed = sign(&[new.clone(), old.clone()], "whd_1", now, b"{}");
        assert_eq!(signed.signatures.split(' ').count(), 2);
        let tolerance = TimeDelta::minutes(5);
        for secret in [&old, &new] {
            assert_eq!(verify(secret, &signed, b"{}", now, tolerance), Ok(()));
        }
        assert_eq!(verify(&other, &signed, b"{}", now, tolerance), Err(VerifyError::Forged));
        assert_eq!(verify(&new, &signed, b"{ }", now, tolerance), Err(VerifyError::Forged));
        let later = now + TimeDelta::seconds(301);
        assert_eq!(verify(&new, &signed, b"{}", later, tolerance), Err(VerifyError::Stale));
        let another = Signature { id: "whd_2".to_owned(), ..signed };
        assert_eq!(verify(&new, &another, b"{}", now, tolerance), Err(VerifyError::Forged));
    }

    #[test]
    fn a_secret_has_24_to_64_bytes_and_is_not_shown_by_accident() {
        for bytes in [0, 23, 65] {
            assert_eq!(Secret::from_bytes(vec![1; bytes]), Err(SecretError));
        }
        let secret = Secret::random().unwrap();
        assert_eq!(secret.reveal().parse(), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!("whsec_not base64".parse::<Secret>(), Err(SecretError));
    }
}
