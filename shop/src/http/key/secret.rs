//! The text of a key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct ParseKeyError;

/// A key: `shop_<prefix>_<secret>`. Its `Debug` shows the prefix only.
#[derive(Clone)]
pub struct ApiKey {
    prefix: String,
    secret: String,
}

/// How many characters a prefix has: 60 random bits.
const PREFIX: usize = 12;

/// How many characters a secret has: 256 random bits.
const SECRET: usize = 43;

impl ApiKey {
    /// A key that nobody has.
    ///
    /// # Panics
    /// The operating system gives no random bits.
    #[expect(clippy::expect_used, reason = "there is no key without random bits")]
    pub(super) fn random() -> Self {
        let mut bytes = [0; 32 + PREFIX];
        getrandom::fill(&mut bytes).expect("random bits");
        let (secret, prefix) = bytes.split_at(32);
        let letter =
            |byte: &u8| char::from(b"abcdefghijkmnpqrstuvwxyz23456789"[usize::from(byte % 32)]);
        Self { prefix: prefix.iter().map(letter).collect(), secret: URL_SAFE_NO_PAD.encode(secret) }
    }

    /// By what its row is found.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What its row holds of the secret.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.secret.as_bytes()).into()
    }

    /// Whether this is the digest of the secret; takes as long when it is not.
    pub(super) fn has_digest(&self, digest: &[u8]) -> bool {
        self.digest().ct_eq(digest).into()
    }

    /// The text, to be shown once.
    pub fn reveal(&self) -> String {
        format!("shop_{}_{}", self.prefix, self.secret)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey(shop_{}_..)", self.prefix)
    }
}

impl FromStr for ApiKey {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, ParseKeyError> {
        let rest = text.strip_prefix("shop_").ok_or(ParseKeyError)?;
        let (prefix, secret) = rest.split_once('_').ok_or(ParseKeyError)?;
        let of_prefix = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let of_secret = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let well_formed = prefix.len() == PREFIX
            && secret.len() == SECRET
            && prefix.bytes().all(of_prefix)
            && secret.bytes().all(of_secret);
        if !well_formed {
            return Err(ParseKeyError);
        }
        Ok(Self { prefix: prefix.to_owned(), secret: secret.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_form() {
        let key = ApiKey::random();
        let read: ApiKey = key.reveal().parse().unwrap();
        assert_eq!(read.prefix(), key.prefix());
        assert!(read.has_digest(&key.digest()));
        assert!(!read.has_digest(&ApiKey::random().digest()));
    }

    #[test]
    fn a_key_is_not_shown_by_accident() {
        let key = ApiKey::random();
        assert_eq!(format!("{key:?}"), format!("ApiKey(shop_{}_..)", key.prefix()));
        assert!(!format!("{key:?}").contains(&key.secret));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let good = ApiKey::random().reveal();
        for text in
            ["", "shop_", "shop__", &good[5..], &good[..good.len() - 1], &good.to_uppercase()]
        {
            assert_eq!(text.parse::<ApiKey>().err(), Some(ParseKeyError), "{text}");
        }
    }
}
