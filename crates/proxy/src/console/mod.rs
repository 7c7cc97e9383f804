//! The console: a database that is not there, and takes commands.
//!
//! Connect to the database `proofmark` with any driver. Commands come in by the simple or the
//! extended protocol and are answered in rows of text, so that a client library in any language
//! needs nothing but its PostgreSQL driver.
//!
//! **Invariant**: a command takes effect at once; transactions are accepted, because drivers begin
//! them, and undo nothing.

mod answer;
mod command;
mod commands;
mod conversation;
mod extended;
mod messages;
mod told;
mod url;

pub(crate) use conversation::run;
