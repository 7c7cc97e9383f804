//! The crate against real servers.

mod life;
mod support;
