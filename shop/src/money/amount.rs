//! An amount of one currency.

use std::fmt;

use super::Currency;

/// The largest amount the database stores, of either sign: below 2^53, so that a JSON number is
/// exact.
pub const MAX_MINOR: i64 = 999_999_999_999_999;

/// Why amounts could not be reckoned with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies.
    #[error("{left} and {right} do not add up")]
    CurrencyMismatch {
        /// The currency of the one.
        left: Currency,
        /// The currency of the other.
        right: Currency,
    },
    /// More than the database can store.
    #[error("the amount is out of range")]
    OutOfRange,
}

/// Whole minor units of a currency, of either sign, at most [`MAX_MINOR`] either way.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(try_from = "Unchecked")]
pub struct Money {
    minor: i64,
    currency: Currency,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Money")]
struct Unchecked {
    /// In minor units: 1999 is 19.99 EUR and 1999 JPY.
    #[schemars(range(min = -999_999_999_999_999_i64, max = 999_999_999_999_999_i64))]
    minor: i64,
    currency: Currency,
}

impl TryFrom<Unchecked> for Money {
    type Error = MoneyError;

    fn try_from(unchecked: Unchecked) -> Result<Self, MoneyError> {
        Self::new(unchecked.minor, unchecked.currency)
    }
}

impl Money {
    /// `minor` minor units.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] beyond [`MAX_MINOR`] either way.
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        Self::from_wide(i128::from(minor), currency)
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// The result of a computation, if it is in range.
    pub(crate) fn from_wide(minor: i128, currency: Currency) -> Result<Self, MoneyError> {
        match i64::try_from(minor) {
            Ok(minor) if (-MAX_MINOR..=MAX_MINOR).contains(&minor) => Ok(Self { minor, currency }),
            _ => Err(MoneyError::OutOfRange),
        }
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether it is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The sum.
    ///
    /// # Errors
    /// Another currency, or out of range.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::from_wide(i128::from(self.minor) + i128::from(other.minor), self.currency)
    }

    /// The difference.
    ///
    /// # Errors
    /// Another currency, or out of range.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(other.negated())
    }

    /// The same with the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { minor: -self.minor, currency: self.currency }
    }

    /// So many times as much.
    ///
    /// # Errors
    /// Out of range.
    pub fn times(self, quantity: i64) -> Result<Self, MoneyError> {
        Self::from_wide(i128::from(self.minor) * i128::from(quantity), self.currency)
    }

    pub(crate) fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }
}

/// `19.99 EUR`, with as many digits as the currency has.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}
