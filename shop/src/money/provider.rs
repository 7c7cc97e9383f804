//! Amounts as a payment provider wants them.
//!
//! The number of digits is a property of the pair of provider and currency: Stripe takes the
//! Icelandic króna with two digits that must be zero, and three-digit currencies with a zero at the
//! end (docs.stripe.com/currencies).

use super::{Currency, Money, MoneyError, Rounding};

/// Why an amount cannot be told to a provider, or not be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderAmountError {
    /// The amount is in another currency.
    #[error("the amount is in {found}, not in {expected}")]
    OtherCurrency {
        /// What the pair is about.
        expected: Currency,
        /// What the amount is in.
        found: Currency,
    },
    /// The provider has no such fraction, or takes only multiples.
    #[error("the provider takes multiples of {multiple_of} in {digits} digits")]
    NotExpressible {
        /// Of what the amount must be a multiple, in the provider's minor units.
        multiple_of: i64,
        /// How many digits the provider writes.
        digits: u32,
    },
    /// More than can be stored or sent.
    #[error("the amount is out of range")]
    OutOfRange,
}

impl From<MoneyError> for ProviderAmountError {
    fn from(_: MoneyError) -> Self {
        Self::OutOfRange
    }
}

/// How a provider writes a currency: a row of `provider_currency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderCurrency {
    currency: Currency,
    exponent: u32,
    multiple_of: i64,
}

impl ProviderCurrency {
    /// The provider writes `exponent` digits and takes multiples of `multiple_of`.
    ///
    /// # Errors
    /// [`ProviderAmountError::OutOfRange`] for more than four digits or multiples below one.
    pub fn new(
        currency: Currency,
        exponent: i64,
        multiple_of: i64,
    ) -> Result<Self, ProviderAmountError> {
        match u32::try_from(exponent) {
            Ok(exponent @ 0..=4) if multiple_of >= 1 => {
                Ok(Self { currency, exponent, multiple_of })
            }
            _ => Err(ProviderAmountError::OutOfRange),
        }
    }

    /// As ISO 4217 has it.
    pub fn iso(currency: Currency) -> Self {
        Self { currency, exponent: currency.exponent(), multiple_of: 1 }
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The provider's number for an amount, exactly.
    ///
    /// # Errors
    /// [`ProviderAmountError::NotExpressible`] when something would be lost.
    pub fn to_provider(self, amount: Money) -> Result<i64, ProviderAmountError> {
        let wide = self.scaled(amount)?;
        let ours = 10_i128.pow(self.currency.exponent());
        if wide % (ours * i128::from(self.multiple_of)) == 0 {
            i64::try_from(wide / ours).map_err(|_| ProviderAmountError::OutOfRange)
        } else {
            Err(ProviderAmountError::NotExpressible {
                multiple_of: self.multiple_of,
                digits: self.exponent,
            })
        }
    }

    /// The nearest amount that can be told to the provider: 5.124 KWD is 5.120 where the last digit
    /// must be zero.
    ///
    /// # Errors
    /// Another currency; out of range; or a multiple that is no whole number of our minor units.
    pub fn nearest(self, amount: Money, rounding: Rounding) -> Result<Money, ProviderAmountError> {
        let step = 10_i128.pow(self.currency.exponent()) * i128::from(self.multiple_of);
        let steps = rounding.divide(self.scaled(amount)?, step);
        let minor = steps.checked_mul(i128::from(self.multiple_of));
        let minor = minor.and_then(|minor| i64::try_from(minor).ok());
        self.from_provider(minor.ok_or(ProviderAmountError::OutOfRange)?)
    }

    /// The amount behind a provider's number.
    ///
    /// # Errors
    /// [`ProviderAmountError::NotExpressible`] when it has a fraction that we do not have.
    pub fn from_provider(self, minor: i64) -> Result<Money, ProviderAmountError> {
        let wide = i128::from(minor) * 10_i128.pow(self.currency.exponent());
        let theirs = 10_i128.pow(self.exponent);
        if wide % theirs == 0 {
            Ok(Money::from_wide(wide / theirs, self.currency)?)
        } else {
            Err(ProviderAmountError::NotExpressible {
                multiple_of: self.multiple_of,
                digits: self.exponent,
            })
        }
    }

    /// The amount in units of both exponents together.
    fn scaled(self, amount: Money) -> Result<i128, ProviderAmountError> {
        if amount.currency() == self.currency {
            Ok(i128::from(amount.minor()) * 10_i128.pow(self.exponent))
        } else {
            Err(ProviderAmountError::OtherCurrency {
                expected: self.currency,
                found: amount.currency(),
            })
        }
    }
}
