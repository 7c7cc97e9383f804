//! Products, variants, prices, tax rules.

mod prices;
mod products;
