//! Tax on a net amount, and tax inside of a gross one.

use std::fmt;
use std::str::FromStr;

use super::{Money, MoneyError, Ratio, Rounding};

const WHOLE: i64 = 1_000_000;

/// Why a number is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tax rate is a decimal fraction from 0 to less than 10, of at most 6 digits")]
pub struct TaxRateError;

/// A tax rate in millionths: 190000 is 19 %, which is how exact the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TaxRate(i64);

impl TaxRate {
    /// No tax.
    pub const ZERO: Self = Self(0);

    /// A rate in millionths.
    ///
    /// # Errors
    /// Below 0, or 1000 % and more.
    pub const fn from_millionths(millionths: i64) -> Result<Self, TaxRateError> {
        if 0 <= millionths && millionths < 10 * WHOLE {
            Ok(Self(millionths))
        } else {
            Err(TaxRateError)
        }
    }

    /// So many percent.
    ///
    /// # Errors
    /// 1000 percent and more.
    pub const fn from_percent(percent: u16) -> Result<Self, TaxRateError> {
        Self::from_millionths(percent as i64 * 10_000)
    }

    /// The rate in millionths.
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// Adds the tax to a net amount.
    ///
    /// # Errors
    /// Out of range.
    pub fn on_net(self, net: Money, rounding: Rounding) -> Result<Taxed, MoneyError> {
        let tax = Ratio::new(self.0, WHOLE).map_err(|_| MoneyError::OutOfRange)?;
        let tax = net.times_ratio(tax, rounding)?;
        Ok(Taxed { net, tax, gross: net.plus(tax)? })
    }

    /// Finds the tax inside of a gross amount, which stays as it is. The net amount is what is
    /// rounded and the tax is the rest; only [`Rounding::Down`] speaks of the tax itself.
    ///
    /// # Errors
    /// Never for a gross amount in range.
    pub fn in_gross(self, gross: Money, rounding: Rounding) -> Result<Taxed, MoneyError> {
        let whole = i128::from(WHOLE + self.0);
        let minor = i128::from(gross.minor());
        let tax = match rounding {
            Rounding::Down => rounding.divide(minor * i128::from(self.0), whole),
            nearest => minor - nearest.divide(minor * i128::from(WHOLE), whole),
        };
        let tax = Money::from_wide(tax, gross.currency())?;
        Ok(Taxed { net: gross.minus(tax)?, tax, gross })
    }
}

/// The taxes of several rates that are all inside of one gross amount: each is
/// `rate * gross / (1 + sum of the rates)`, rounded.
///
/// # Errors
/// Out of range.
pub fn taxes_in_gross(
    gross: Money,
    rates: &[TaxRate],
    rounding: Rounding,
) -> Result<Vec<Money>, MoneyError> {
    let whole = rates.iter().map(|rate| i128::from(rate.0)).sum::<i128>() + i128::from(WHOLE);
    rates
        .iter()
        .map(|rate| {
            let tax = rounding.divide(i128::from(gross.minor()) * i128::from(rate.0), whole);
            Money::from_wide(tax, gross.currency())
        })
        .collect()
}

/// An amount without its tax, the tax, and both together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taxed {
    /// Without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
}

/// `0.190000`, which PostgreSQL reads as a `tax_rate`.
impl fmt::Display for TaxRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / WHOLE, self.0 % WHOLE)
    }
}

impl FromStr for TaxRate {
    type Err = TaxRateError;

    /// A decimal fraction of one: `0.19`, `0.1075`.
    fn from_str(text: &str) -> Result<Self, TaxRateError> {
        let (units, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if units.len() > 1 || !digits(units) || fraction.len() > 6 || !digits(fraction) {
            return Err(TaxRateError);
        }
        let millionths = format!("{units}{fraction:0<6}").parse().map_err(|_| TaxRateError)?;
        Self::from_millionths(millionths)
    }
}

impl serde::Serialize for TaxRate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for TaxRate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for TaxRate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TaxRate".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9]([.][0-9]{1,6})?$" })
    }
}
