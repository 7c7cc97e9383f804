//! Carts: sessions, lines, prices, checkout, merge, expiry.

mod checkout;
mod closing;
mod lines;
mod merging;
mod prices;
mod sessions;
pub mod stage;
mod states;
