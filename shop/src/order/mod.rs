//! Orders: placed from a cart, paid, fulfilled, cancelled, returned.

pub mod events;
