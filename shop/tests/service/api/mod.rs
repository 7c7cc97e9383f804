//! Every route, good and bad.

mod access;
mod checkout;
mod codes;
mod contract;
mod idempotency;
mod products;
mod requests;
mod resources;
mod stage;
