//! Finds out which test a connection belongs to.
//!
//! In goes a connected socket, out comes the client's process, and the name and the holder of its
//! lease.
//!
//! **Invariant**: it reads what the system knows about processes and never asks the client.

mod environment;
mod peer;
mod proc_file;
mod process_table;
mod rules;
#[cfg(target_os = "linux")]
mod sock_diag;
mod socket_owner;

pub(crate) use peer::{Peer, PeerUser, peer};
pub(crate) use process_table::ProcessTable;
#[cfg(target_os = "linux")]
pub(crate) use process_table::start_of;
pub(crate) use rules::recognise;
