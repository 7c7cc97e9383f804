//! Bank accounts by their IBAN.

use std::fmt;
use std::str::FromStr;

use iban::{Iban, IbanLike as _};

/// Why an account is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Not of the form of an IBAN, or its check digits are wrong: mistyped.
    #[error("the text is no IBAN")]
    NotAnIban,
    /// No country of the register, or not as the country writes it.
    #[error("the IBAN is not one of its country")]
    Country,
}

/// The number of a bank account (ISO 13616). Shown nowhere but its last four signs, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountNumber(Iban);

impl AccountNumber {
    /// The last four digits, which may be shown. IBANs of a few countries may end in letters;
    /// those are shown as zeros, since the column holds digits.
    pub fn last4(&self) -> String {
        let text = self.0.electronic_str();
        let digit = |sign: char| if sign.is_ascii_digit() { sign } else { '0' };
        text.get(text.len().saturating_sub(4)..).unwrap_or_default().chars().map(digit).collect()
    }

    /// The country of the account.
    pub fn country(&self) -> &str {
        self.0.country_code()
    }

    /// The whole number, for the provider only.
    pub fn reveal(&self) -> &str {
        self.0.electronic_str()
    }
}

impl FromStr for AccountNumber {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        // 34 signs in groups of four.
        if text.len() > 64 {
            return Err(AccountError::NotAnIban);
        }
        text.parse::<Iban>().map(Self).map_err(|error| match error {
            iban::ParseIbanError::InvalidBaseIban { .. } => AccountError::NotAnIban,
            _ => AccountError::Country,
        })
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountNumber({} ...{})", self.country(), self.last4())
    }
}
