//! The client's side of the proxy: who connects, what is asked for, and every "no".
//!
//! **Invariant**: nothing here reads a byte behind the startup packet.

mod admit;
mod destination;
mod negotiate;
mod refusal;
mod serve;

pub(crate) use destination::{TEST_SETTING, without_test};
pub(crate) use negotiate::{Wanted, negotiate};
pub(crate) use refusal::{FAREWELL, OwnError, farewell};
pub(crate) use serve::serve;
