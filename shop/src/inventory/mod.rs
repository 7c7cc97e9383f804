//! Inventory: what is where, for whom it is held, and the movements that explain it.

pub mod events;
