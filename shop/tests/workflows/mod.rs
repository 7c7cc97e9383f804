//! Lives of orders from end to end, told as steps.
//!
//! [`Workflow`] is the shop with its provider, [`Shopper`] somebody who buys, [`Purchase`] what
//! they bought. Each step asserts its own outcome; [`Workflow::adds_up`] says at the end that our
//! books, the provider's and the stock agree.

mod factories;
mod paying;
mod purchase;
mod returning;
mod selling;
mod shopper;
mod sums;

pub use purchase::{Purchase, all_of, refunding};
pub use shopper::Shopper;
pub use sums::Workflow;
