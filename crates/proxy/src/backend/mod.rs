//! The server's side of the proxy: connecting, logging in, cancelling.
//!
//! **Invariant**: nothing here knows a test or a lease.

mod cancel;
mod connect;
mod incoming;
mod login;

pub(crate) use cancel::{CancelKeys, cancel};
pub(crate) use connect::connect;
pub(crate) use incoming::Incoming;
pub(crate) use login::{LoginError, log_in};
