//! Answers that hold a secret, as the database keeps them.
//!
//! In: the bearer token of a request, and a text. Out: the text sealed with a key that is made of
//! the token, which only who asked has: the database has the token's digest. Whoever reads the
//! database reads no secret, and whoever repeats the request is answered as before.
//!
//! **Invariant**: what was sealed for one place is opened for no other.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest as _, Sha256};

/// What the digest that is the key begins with; the digest by which a token is found has no prefix.
const PURPOSE: &[u8] = b"shop: answers that hold a secret\0";

/// A text that is not one sealed here, or that another token sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text was not sealed with this token for this place")]
pub(super) struct SealError;

/// The key of one caller. Its `Debug` hides it.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    /// The key that a token makes.
    pub(super) fn of(token: &str) -> Result<Self, SealError> {
        let mut digest = Sha256::new();
        digest.update(PURPOSE);
        digest.update(token);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &digest.finalize());
        Ok(Self(LessSafeKey::new(key.map_err(|_| SealError)?)))
    }

    /// Seals a text for a place.
    pub(super) fn seal(&self, place: &str, text: &str) -> Result<String, SealError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealError)?;
        let mut sealed = text.as_bytes().to_vec();
        let used = Nonce::assume_unique_for_key(nonce);
        let done = self.0.seal_in_place_append_tag(used, Aad::from(place), &mut sealed);
        done.map_err(|_| SealError)?;
        Ok(STANDARD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed for a place.
    pub(super) fn open(&self, place: &str, sealed: &str) -> Result<String, SealError> {
        let bytes = STANDARD.decode(sealed).map_err(|_| SealError)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        let mut sealed = sealed.to_vec();
        let used = Nonce::assume_unique_for_key(*nonce);
        let text = self.0.open_in_place(used, Aad::from(place), &mut sealed);
        String::from_utf8(text.map_err(|_| SealError)?.to_vec()).map_err(|_| SealError)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_the_same_token_at_the_same_place() {
        let seal = Seal::of("shop_token").unwrap();
        let sealed = seal.seal("here", "CARDCODE").unwrap();
        assert!(!STANDARD.decode(&sealed).unwrap().windows(4).any(|part| part == b"CARD"));
        assert_ne!(seal.seal("here", "CARDCODE").unwrap(), sealed, "never the same twice");
        assert_eq!(Seal::of("shop_token").unwrap().open("here", &sealed).unwrap(), "CARDCODE");
        assert_eq!(Seal::of("shop_other").unwrap().open("here", &sealed), Err(SealError));
        assert_eq!(seal.open("there", &sealed), Err(SealError));
    }

    #[test]
    fn what_was_never_sealed_is_not_opened() {
        let seal = Seal::of("shop_token").unwrap();
        for text in ["", "no base64!", "c2hvcnQ=", "{\"code\":\"CARDCODE\"}"] {
            assert_eq!(seal.open("here", text), Err(SealError), "{text}");
        }
    }
}
