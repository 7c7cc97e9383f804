//! What happens around a test.
//!
//! In: a [`Case`] and a body, from the expansion of `#[proofmark::test]`. Out: what the harness
//! wants to know. On the way: a lease, the fixtures, the body in a runtime of its own, the endings,
//! and the lease given back as passed or failed.

mod bench;
mod case;
mod console;
mod describe;
mod outcome;
mod process;
mod source;
mod test;

pub use case::{Case, Panics};
pub use test::{FixtureError, fixture, run};
