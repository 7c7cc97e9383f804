//! The service, tried over HTTP: the router of `shop::http` on a port of its own, real PostgreSQL
//! behind it, a typed client in front.

#![allow(unreachable_pub, reason = "the modules of a test binary")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

#[path = "../make/mod.rs"]
mod make;

mod client;

mod admin;
mod api;
mod chaos;
mod commands;
mod instances;
mod security;
mod telemetry;
mod webhooks;
mod worker;
