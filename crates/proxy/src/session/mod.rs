//! One session: bytes in both directions, watched as they pass.
//!
//! **Invariant**: between a client and a server every byte passes unchanged and in order, but for
//! the goodbye of a client whose backend is to stay ([`crate::warm`]), and what is held back per
//! session is at most one buffer per direction.

mod failing;
mod observe;
mod relay;
mod run;
mod statements;
mod wind_down;

pub(crate) use failing::Failing;
pub(crate) use observe::{Observed, Watch};
pub(crate) use run::{Session, run};
pub(crate) use statements::Statements;
