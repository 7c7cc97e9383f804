//! Orders: placed from a cart, paid, fulfilled, cancelled, returned.
//!
//! In: a cart in checkout, later what is shipped, cancelled and sent back. Out: an order whose
//! totals are the contract with the customer, and at every step the money that is owed back.
//!
//! **Invariant**: moves no money; it says how much must move, and payments do it.

mod confirm;
mod state;

pub mod events;

pub use confirm::{ConfirmError, Confirmed, confirm};
pub use state::{FulfilmentState, OrderState, ReturnState};
