//! Pricing: promotions, vouchers, tax, shipping, and what it all comes to.
//!
//! In: the lines of a cart, where it goes, how it is sent. Out: [`Quote`], with every amount that an
//! order keeps. [`quote`] is pure; [`price_cart`] loads what it needs and calls it.
//!
//! **Invariant**: a quote claims nothing. What is limited, such as a voucher, is claimed by the rows
//! that an order writes.

pub mod events;

mod buy_get;
mod discount;
mod loaded;
mod price_cart;
mod promotion;
mod quote;
mod request;
mod shipping;
mod tax;

pub use price_cart::{PriceCart, PriceCartError, price_cart};
pub use promotion::{BasisPoints, BasisPointsError, Promotion, Role, Rule, VoucherRefusal};
pub use quote::{
    Adjustment, AdjustmentKind, Quote, QuoteError, QuotedLine, QuotedShipping, Totals, quote,
};
pub use request::{
    Destination, Policy, PricedLine, QuoteRequest, ShippingChoice, ShippingRate, TaxRounding,
    Weights,
};
