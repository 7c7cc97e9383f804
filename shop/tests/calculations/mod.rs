//! Money: rounding, allocation, tax, units, coins, text, providers. Pure, without a database but
//! for the table of currencies.

mod allocate;
mod currencies;
mod decimal;
mod properties;
mod provider;
mod rounding;
mod tax;
mod units;

use shop::money::{Currency, Money};

/// Euro cents.
pub fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR).unwrap()
}
