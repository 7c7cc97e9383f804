//! Carts: sessions, lines, prices, checkout, merge, expiry.

mod lines;
mod prices;
mod sessions;
mod stage;
