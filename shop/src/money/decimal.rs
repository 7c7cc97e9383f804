//! Amounts as people and providers write them: `19.99`.

use super::{Currency, Money, MoneyError, Rounding};

/// How long a written amount may be: far more than the range needs.
const LONGEST: usize = 40;

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseMoneyError {
    /// Not digits, with or without a point and a minus sign.
    #[error("an amount is written in digits, with a point before the minor ones")]
    Form,
    /// More digits after the point than the currency has.
    #[error("{currency} has {digits} digits after the point")]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// How many digits it has.
        digits: u32,
    },
    /// More than can be stored.
    #[error("the amount is out of range")]
    OutOfRange,
}

impl From<MoneyError> for ParseMoneyError {
    fn from(_: MoneyError) -> Self {
        Self::OutOfRange
    }
}

/// The digits of a written amount.
struct Written<'a> {
    negative: bool,
    units: &'a str,
    fraction: &'a str,
}

impl<'a> Written<'a> {
    fn read(text: &'a str) -> Result<Self, ParseMoneyError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (units, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(ParseMoneyError::Form),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let mut all = units.bytes().chain(fraction.bytes());
        if units.is_empty() || !all.all(|byte| byte.is_ascii_digit()) {
            return Err(ParseMoneyError::Form);
        }
        if text.len() > LONGEST {
            return Err(ParseMoneyError::OutOfRange);
        }
        Ok(Self { negative, units, fraction })
    }

    /// All digits as one integer.
    fn digits(&self) -> Result<i128, ParseMoneyError> {
        let all = self.units.bytes().chain(self.fraction.bytes());
        let value = all.skip_while(|byte| *byte == b'0').try_fold(0_i128, |value, byte| {
            value.checked_mul(10)?.checked_add(i128::from(byte - b'0'))
        });
        let value = value.ok_or(ParseMoneyError::OutOfRange)?;
        Ok(if self.negative { -value } else { value })
    }

    fn places(&self) -> u32 {
        u32::try_from(self.fraction.len()).unwrap_or(u32::MAX)
    }
}

impl Money {
    /// Reads an amount: `19.99` or `20` for euros, `1999` for yen. A minus sign may stand in front;
    /// nothing else may: no plus, no blanks, no separators of thousands, no currency.
    ///
    /// # Errors
    /// [`ParseMoneyError`]; among them more digits than the currency has, even if they are zeros.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, ParseMoneyError> {
        let written = Written::read(text)?;
        let digits = currency.exponent();
        let missing = digits
            .checked_sub(written.places())
            .ok_or(ParseMoneyError::TooPrecise { currency, digits })?;
        let minor = written.digits()?.checked_mul(10_i128.pow(missing));
        Ok(Self::from_wide(minor.ok_or(ParseMoneyError::OutOfRange)?, currency)?)
    }

    /// Reads an amount that may be more precise than its currency and rounds it: `98.9009` is
    /// 98.90 euros.
    ///
    /// # Errors
    /// [`ParseMoneyError::Form`] and [`ParseMoneyError::OutOfRange`].
    pub fn parse_rounded(
        text: &str,
        currency: Currency,
        rounding: Rounding,
    ) -> Result<Self, ParseMoneyError> {
        let written = Written::read(text)?;
        let Some(surplus) = written.places().checked_sub(currency.exponent()) else {
            return Self::parse(text, currency);
        };
        let divisor = 10_i128.checked_pow(surplus).ok_or(ParseMoneyError::OutOfRange)?;
        Ok(Self::from_wide(rounding.divide(written.digits()?, divisor), currency)?)
    }

    /// The amount with all digits of its currency and without its name: `19.90`, `1999`, `-0.005`.
    pub fn to_decimal(self) -> String {
        let (minor, per_unit) =
            (self.minor().unsigned_abs(), self.currency().minor_per_unit().unsigned_abs());
        let sign = if self.is_negative() { "-" } else { "" };
        let (units, rest) = (minor / per_unit, minor % per_unit);
        match self.currency().exponent() as usize {
            0 => format!("{sign}{units}"),
            digits => format!("{sign}{units}.{rest:0digits$}"),
        }
    }
}
