//! Pricing: promotions, vouchers, tax, shipping, and what it all comes to.

pub mod events;
