//! Currencies of ISO 4217.

use std::fmt;
use std::str::FromStr;

/// A code that is no active currency of ISO 4217.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no currency of ISO 4217", self.0.escape_debug())]
pub struct UnknownCurrency(String);

/// Codes that ISO 4217 has withdrawn and the table of `iso_currency` still lists.
const WITHDRAWN: [&str; 5] = ["BGN", "CUC", "HRK", "SLL", "ZWL"];

/// A currency of ISO 4217 that money can be counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro: 2 digits.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    /// The pound sterling: 2 digits.
    pub const GBP: Self = Self(iso_currency::Currency::GBP);
    /// The US dollar: 2 digits.
    pub const USD: Self = Self(iso_currency::Currency::USD);
    /// The Swiss franc: 2 digits, and 0.05 as the smallest coin.
    pub const CHF: Self = Self(iso_currency::Currency::CHF);
    /// The yen: no digits.
    pub const JPY: Self = Self(iso_currency::Currency::JPY);
    /// The Kuwaiti dinar: 3 digits.
    pub const KWD: Self = Self(iso_currency::Currency::KWD);
    /// The unidad de fomento: 4 digits.
    pub const CLF: Self = Self(iso_currency::Currency::CLF);

    /// Every currency that money can be counted in, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        use iso_currency::IntoEnumIterator as _;
        iso_currency::Currency::iter().filter_map(|currency| currency.code().parse().ok())
    }

    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    fn as_str(self) -> &'static str {
        self.code()
    }

    /// How many digits the minor unit has: 0, 2, 3 or 4.
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(0))
    }

    /// How many minor units make one unit: 100 for the euro, 1 for the yen.
    pub fn minor_per_unit(self) -> i64 {
        10_i64.pow(self.exponent())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Exactly as ISO 4217 writes it: three capitals. A code without minor units, such as that of
    /// gold, is not one to pay in.
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.code() == code && currency.exponent().is_some())
            .filter(|currency| !WITHDRAWN.contains(&currency.code()))
            .map(Self)
            .ok_or_else(|| UnknownCurrency(code.chars().take(16).collect()))
    }
}

crate::value::stored_as_text!(Currency, "Currency", {
    "type": "string", "pattern": "^[A-Z]{3}$"
});
