//! Countries of ISO 3166-1.

use std::fmt;
use std::str::FromStr;

/// A code that is no country of ISO 3166-1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no country of ISO 3166-1", self.0.escape_debug())]
pub struct UnknownCountry(String);

/// A country, as two capitals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// Germany.
    pub const DE: Self = Self(*b"DE");
    /// France.
    pub const FR: Self = Self(*b"FR");
    /// Switzerland.
    pub const CH: Self = Self(*b"CH");
    /// Japan.
    pub const JP: Self = Self(*b"JP");
    /// The United States.
    pub const US: Self = Self(*b"US");

    /// The two letters.
    pub fn as_str(&self) -> &str {
        // Two capitals, by the only way to make one.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;

    /// Exactly as ISO 3166-1 writes it: two capitals.
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let refused = || UnknownCountry(code.chars().take(16).collect());
        match *code.as_bytes() {
            [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => {
                iso_currency::Country::from_str(code).map_err(|_| refused())?;
                Ok(Self([first, second]))
            }
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

super::stored_as_text!(Country, "Country", { "type": "string", "pattern": "^[A-Z]{2}$" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_two_capitals_that_iso_3166_lists() {
        for code in ["DE", "FR", "CH", "JP", "US", "ZW"] {
            assert_eq!(code.parse::<Country>().map(|country| country.to_string()), Ok(code.into()));
        }
        for code in ["", "D", "DEU", "de", "ZZ", "XX", "D\0", "ＤＥ", "DE ", "Ö"] {
            assert!(code.parse::<Country>().is_err(), "{code:?}");
        }
    }
}
