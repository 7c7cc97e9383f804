//! Carts: sessions, lines, prices, checkout, merge, expiry.

mod checkout;
mod closing;
mod lines;
mod merging;
mod prices;
mod sessions;
mod stage;
mod states;
