//! Isolated PostgreSQL databases for Rust tests.
//!
//! In: a `proofmark.toml` and a test function. Out: for each test a database of its own, copied
//! from a migrated template, on a private server that is started (or joined) and ended without
//! anybody's doing. [`bench::Bench`] is what stands behind it, and what the `proofmark` command
//! uses as well.
//!
//! **Invariant**: nothing here watches a connection; the proxy does, under `proofmark run`.

pub mod bench;
pub mod config;

mod fixture;
mod run;

#[doc = include_str!("run/test.md")]
pub use proofmark_macros::test;

pub use fixture::{FromLease, Lease, Transaction, TransactionError, Transactional};

/// What the expansion of [`#[proofmark::test]`](macro@test) uses; not an interface.
#[doc(hidden)]
pub mod expanded {
    pub use crate::run::{Case, FixtureError, Panics, fixture, run};
}
