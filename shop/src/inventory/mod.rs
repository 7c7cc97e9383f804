//! Inventory: how much of what is where, and to whom it is promised.
//!
//! In: deliveries, counts, transfers, and the wishes of carts. Out: reservations, which are the
//! only promise of stock there is, and a ledger of movements that equals the levels.
//!
//! **Invariant**: no number of units is read and then believed. A level is locked or guarded when
//! it changes, and its CHECK decides.

pub mod events;
mod level;
mod location;
mod receive;

pub use location::{
    CreateLocation, CreateLocationError, DeleteLocationError, create_location, delete_location,
};
pub use receive::{Receive, ReceiveError, ReceivedLine, receive};
