//! One server connection without a client.
//!
//! Main types: [`Backend`], and its [`Past`], which goes with it through its sessions.
//!
//! **Invariant**: a backend is idle, outside of a transaction, and owes no answer.

use std::rc::Rc;

use super::{Fit, Greeting};
use crate::stream::Stream;

/// What is known of a backend from its start on.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    pub(crate) fit: Fit,
    /// Clients that it has served.
    pub(crate) uses: u32,
    /// When it was opened, in changes of what decides about a login.
    pub(crate) epoch: u64,
}

/// A backend that waits for a client.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) server: Stream,
    pub(crate) greeting: Rc<Greeting>,
    pub(crate) past: Past,
}
