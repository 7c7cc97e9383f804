//! What stands beyond one server: readers of the log, and a server that follows.

mod consumer;
mod replica;
pub mod server;
