//! What happens around a test.
//!
//! In: a [`Case`] and a body, from the expansion of `#[proofmark::test]`. Out: what the harness
//! wants to know. On the way: its leases, their seeds, the fixtures, the body in a runtime of its
//! own, the endings, and the leases given back as passed or failed.

mod bench;
mod case;
mod console;
mod describe;
mod outcome;
mod process;
mod seed;
mod source;
mod test;

pub(crate) use describe::describe;
pub(crate) use outcome::message;

pub use case::{Case, Panics, Seed};
pub use test::{FixtureError, fixture, run};

/// Compiles the examples of the page.
#[cfg(doctest)]
#[expect(rustdoc::invalid_codeblock_attributes, reason = "marks of our own on shell blocks")]
#[doc = include_str!("../../../../docs/how-to/rust-tests.md")]
struct RustTestsPage;

/// Compiles the examples of the page.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/how-to/race-two-calls.md")]
struct RacePage;
