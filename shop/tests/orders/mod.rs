//! Orders: placing, cancelling, fulfilling, returning.

mod agreed;
mod expiring;
mod giving_back;
mod placing;
mod round_trips;
mod serving;
pub mod stage;
mod states;
mod stock;
