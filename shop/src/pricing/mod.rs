//! Pricing: promotions, vouchers, tax, shipping, and what it all comes to.
//!
//! In: the lines of a cart, where it goes, how it is sent. Out: [`Quote`], with every amount that
//! an order keeps. [`quote`] is pure; [`price_cart`] loads what it needs and calls it.
//!
//! **Invariant**: a quote claims nothing. What is limited, such as a voucher, is claimed by the
//! rows that an order writes.

pub mod events;
pub(crate) mod http;

mod buy_get;
mod discount;
mod loaded;
mod price_cart;
mod promote;
mod promotion;
mod quote;
mod request;
mod ship;
mod shipping;
mod tax;
mod voucher;

pub use price_cart::{PriceCart, PriceCartError, price_cart};
pub use promote::{
    CreatePromotion, CreatePromotionError, DeletePromotionError, Offer, create_promotion,
    delete_promotion,
};
pub use promotion::{BasisPoints, BasisPointsError, Promotion, Role, Rule, VoucherRefusal};
pub use quote::{
    Adjustment, AdjustmentKind, Quote, QuoteError, QuotedLine, QuotedShipping, Totals, quote,
};
pub use request::{
    Destination, Policy, PricedLine, QuoteRequest, ShippingChoice, ShippingRate, TaxRounding,
    Weights,
};
pub use ship::{
    AddShippingMethodError, EndShippingRateError, RetireShippingMethodError, SetShippingRate,
    SetShippingRateError, add_shipping_method, end_shipping_rate, retire_shipping_method,
    set_shipping_rate,
};
pub use voucher::{
    CreateVoucher, CreateVoucherError, DeleteVoucherError, LimitVoucherError, VoucherCode,
    VoucherLimits, create_voucher, delete_voucher, limit_voucher,
};
