//! Isolated PostgreSQL databases for Rust tests.
//!
//! In: a `proofmark.toml` and a test function. Out: for each test a database of its own, copied
//! from a migrated template, on a private server that is started (or joined) and ended without
//! anybody's doing. [`bench::Bench`] is what stands behind it, and what the `proofmark` command
//! uses as well.
//!
//! [`race::Race`] runs two calls of a test in every order that matters.
//!
//! **Invariant**: nothing here changes a connection's bytes. They are read by the proxy, under
//! `proofmark run`, by its gate, in a race, and in passing on connections that were opened for a
//! test on the direct lane.

pub mod bench;
pub mod config;
pub mod race;

mod fixture;
mod refusal;
mod run;

#[doc = include_str!("run/test.md")]
pub use proofmark_macros::test;

/// Holds chosen statements and commits until a test lets them go.
pub use proofmark_proxy::gate;

pub use refusal::Refusal;

pub use fixture::{
    Clock, Connection, ConnectionError, FromLease, Lease, Moment, Transaction, TransactionError,
    Transactional,
};

/// Under `proofmark run` a test is on the proxy's lane, unless it asks otherwise:
/// `#[proofmark::test(lane = "direct")]`, or `lane = "direct"` in `proofmark.toml` for all tests
/// that do not say. Without `proofmark run` there is no proxy, and every lane is direct.
///
/// The direct lane saves a hop per round trip. Of such a test the report has what was **written**
/// and whether the invariants held, because its database says so. A server keeps no record of
/// **refusals** by the name of the constraint, so these are known from the client:
///
/// | on the direct lane | refusals in the report |
/// |---|---|
/// | [`tokio_postgres::Client`], [`Connection`], `Transaction<Client>` as fixtures | all |
/// | what [`assert_refused!`] was given, or [`Lease::saw`] was shown, of any driver | those |
/// | an error that the test function returned | that one |
/// | other errors of `sqlx`, connections that the test or its application opened | none |
///
/// At most 1,000 of one test are kept, and those of a test whose process was killed are lost. How
/// long **statements** took and how often they ran is not known on the direct lane.
pub use proofmark_proxy::Lane;

/// What the expansion of [`#[proofmark::test]`](macro@test) uses; not an interface.
#[doc(hidden)]
pub mod expanded {
    pub use crate::refusal::{
        Asserted, ByAsRef, ByError, Returned, TellsAnyError, TellsError, TellsNothing, accepted,
        refused, refused_on,
    };
    pub use crate::run::{Case, FixtureError, Panics, Seed, fixture, run};
}
