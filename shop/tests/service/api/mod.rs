//! Every route, good and bad.

mod access;
mod checkout;
mod codes;
mod compatibility;
mod contract;
mod events;
mod idempotency;
mod money;
mod products;
mod reference;
mod requests;
mod resources;
mod stage;
mod stock;
