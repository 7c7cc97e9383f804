//! The crate against real servers.

mod life;
mod owner;
mod room;
mod root;
mod search;
mod sharing;
mod store;
mod support;
