//! `#[proofmark::test]` against a real server, as the tests of another crate would use it.
//!
//! What can only be seen from outside (a failing test, a killed process, what is left when the
//! process has ended) is in `alone`, which runs tests of `hidden` in processes of their own.
//!
//! **Invariant**: uses the public interface only.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test that calls it")]

mod alone;
mod clock;
mod connection;
mod databases;
mod fixtures;
mod hermitage;
mod hidden;
mod outcomes;
mod project;
mod race;
mod seeds;
mod under_run;
