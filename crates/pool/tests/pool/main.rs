//! Templates and leases on a real private server.

mod leases;
mod server;
mod templates;
