//! Templates and leases on a real private server.

mod invariants;
mod leases;
mod server;
mod templates;
