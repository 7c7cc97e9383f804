//! Templates and leases on a real private server.

mod cluster;
mod faults;
mod fingerprint;
mod invariants;
mod leases;
mod server;
mod templates;
