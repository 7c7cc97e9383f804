//! Templates and leases on a real private server.

mod cluster;
mod faults;
mod fingerprint;
mod invariants;
mod leaks;
mod leases;
mod majors;
mod matrix;
mod server;
mod templates;
