//! Codes of gift cards.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A text that cannot be the code of a gift card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the code of a gift card has 16 letters and digits")]
pub struct GiftCardCodeError;

/// Crockford's alphabet: no I, L, O, U, so that a code can be read out.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code of a gift card: who has it has the money, so only its digest is stored, and it is
/// shown once, when the card is issued.
#[derive(Clone, PartialEq, Eq)]
pub struct GiftCardCode(String);

impl GiftCardCode {
    /// A new code: 80 bits of the operating system's randomness.
    pub(crate) fn random() -> Self {
        // A UUID of version 4 has fixed bits in its bytes 6 and 8; the other bytes are random.
        let random = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        let bytes = random.iter().flat_map(|uuid| uuid.as_bytes().iter().take(6));
        let letter =
            |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().map_or('0', char::from);
        Self(bytes.take(16).map(letter).collect())
    }

    /// What is stored of it.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The code, for the one who buys the card.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for GiftCardCode {
    type Err = GiftCardCodeError;

    /// Small letters, blanks and hyphens are taken, and O for 0, I and L for 1.
    fn from_str(text: &str) -> Result<Self, GiftCardCodeError> {
        if text.len() > 64 {
            return Err(GiftCardCodeError);
        }
        let plain = |sign: char| match sign.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let code: String =
            text.chars().filter(|sign| !matches!(sign, ' ' | '-')).map(plain).collect();
        let well_formed = code.len() == 16 && code.bytes().all(|byte| ALPHABET.contains(&byte));
        if well_formed { Ok(Self(code)) } else { Err(GiftCardCodeError) }
    }
}

impl fmt::Debug for GiftCardCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GiftCardCode(..)")
    }
}
