//! Money: whole minor units of a currency. No float anywhere, no decimal in the hot path.
//!
//! In: amounts of the database and of requests. Out: sums, shares, taxes, each exact or an error.
//! Arithmetic goes through `i128` inside and back into the range that the database stores.
//!
//! **Invariant**: amounts of two currencies never meet, and nothing wraps around.

// Nothing here may end a request in any other way than by an error that says why.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod allocate;
mod amount;
mod cash;
mod currency;
mod decimal;
mod provider;
mod ratio;
mod rounding;
mod tax;

pub(crate) use allocate::give_to_largest;
pub use allocate::{AllocateError, TooManyUnits};
pub use amount::{MAX_MINOR, Money, MoneyError};
pub use currency::{Currency, UnknownCurrency};
pub use decimal::ParseMoneyError;
pub use provider::{ProviderAmountError, ProviderCurrency};
pub use ratio::{Ratio, RatioError};
pub use rounding::{Rounding, UnknownRounding};
pub use tax::{TaxRate, TaxRateError, Taxed, taxes_in_gross};
