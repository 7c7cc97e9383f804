//! The proxy between real clients and a real server.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod attribution;
mod bad_input;
mod client_process;
mod console;
mod gate;
mod identity;
mod leases;
mod login;
mod raw;
mod relay;
mod support;
mod warm;
