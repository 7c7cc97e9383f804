//! Every route, good and bad.

mod access;
mod checkout;
mod codes;
mod compatibility;
mod contract;
mod events;
mod idempotency;
mod methods;
mod money;
mod products;
mod reference;
mod requests;
mod resources;
pub mod stage;
mod stock;
