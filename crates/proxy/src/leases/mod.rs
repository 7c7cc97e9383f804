//! The leases of one run: which test holds which database, and when that ends.
//!
//! **Invariant**: a lease is given once, ends once, and is given back once, after its last session
//! has closed.

mod ending;
mod holder;
mod lease;
mod membership;
mod registry;

pub(crate) use ending::{end, end_all, end_idle};
pub(crate) use lease::{CloseReason, CloseSignal, Holder, Lease, LeaseKey, Leaving, Urgency};
pub(crate) use membership::Membership;
pub(crate) use registry::{Join, JoinError, Leases};
