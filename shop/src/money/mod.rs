//! Money: whole minor units of a currency. No float anywhere, no decimal in the hot path.
//!
//! In: amounts of the database and of requests. Out: sums, shares, taxes, each exact or an error.
//! Arithmetic goes through `i128` inside and back into the range that the database stores.
//!
//! **Invariant**: amounts of two currencies never meet, and nothing wraps around.

mod amount;
mod currency;

pub use amount::{MAX_MINOR, Money, MoneyError};
pub use currency::{Currency, UnknownCurrency};
