//! Customers and their addresses.

pub mod events;
