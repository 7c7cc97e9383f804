//! Exact factors: a rate, a percentage, a part of a whole.

use std::str::FromStr;

use super::{Money, MoneyError, Rounding};

/// Why numbers make no ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RatioError {
    /// The denominator is zero or negative.
    #[error("the denominator of a ratio is more than zero")]
    Denominator,
    /// Not a decimal number such as `0.1075`, of at most 18 digits.
    #[error("a ratio is written as a decimal number of at most 18 digits")]
    Form,
}

/// A fraction of two integers. Never rounded; only what is multiplied with it is.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    numerator: i64,
    denominator: i64,
}

impl Ratio {
    /// `numerator / denominator`.
    ///
    /// # Errors
    /// [`RatioError::Denominator`].
    pub const fn new(numerator: i64, denominator: i64) -> Result<Self, RatioError> {
        if denominator > 0 {
            Ok(Self { numerator, denominator })
        } else {
            Err(RatioError::Denominator)
        }
    }

    /// Hundredths of a percent: 1075 is 10.75 %.
    pub const fn basis_points(points: i64) -> Self {
        Self { numerator: points, denominator: 10_000 }
    }

    /// `value` times this, rounded to an integer.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] when the product does not fit an `i64`.
    pub fn of(self, value: i64, rounding: Rounding) -> Result<i64, MoneyError> {
        let product = i128::from(value) * i128::from(self.numerator);
        i64::try_from(rounding.divide(product, i128::from(self.denominator)))
            .map_err(|_| MoneyError::OutOfRange)
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        i128::from(self.numerator) * i128::from(other.denominator)
            == i128::from(other.numerator) * i128::from(self.denominator)
    }
}

impl Eq for Ratio {}

impl FromStr for Ratio {
    type Err = RatioError;

    /// A decimal number: `0.1075`, `-3`, `9.8789`.
    fn from_str(text: &str) -> Result<Self, RatioError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (units, fraction) = match digits.split_once('.') {
            Some((units, fraction)) if !fraction.is_empty() => (units, fraction),
            Some(_) => return Err(RatioError::Form),
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if units.is_empty() || units.len() + fraction.len() > 18 {
            return Err(RatioError::Form);
        }
        if !all_digits(units) || !all_digits(fraction) {
            return Err(RatioError::Form);
        }
        let numerator: i64 = format!("{units}{fraction}").parse().map_err(|_| RatioError::Form)?;
        let places = u32::try_from(fraction.len()).map_err(|_| RatioError::Form)?;
        let sign = if text.starts_with('-') { -1 } else { 1 };
        Ok(Self { numerator: sign * numerator, denominator: 10_i64.pow(places) })
    }
}

impl Money {
    /// A part or a multiple, rounded to a minor unit.
    ///
    /// # Errors
    /// Out of range.
    pub fn times_ratio(self, ratio: Ratio, rounding: Rounding) -> Result<Self, MoneyError> {
        Self::new(ratio.of(self.minor(), rounding)?, self.currency())
    }
}
