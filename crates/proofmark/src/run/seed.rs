//! The seeds of one test.
//!
//! In: the test's leases and the files that its attribute names. Out: their rows, committed, before
//! the first fixture is made.
//!
//! **Invariant**: a file is compiled into the test, so nothing is looked for here; it runs on a
//! connection of its own, which is closed before the test begins.

use proofmark_pool::{ConnectError, Session};

use super::case::Seed;
use crate::fixture::Lease;

/// A test that could not be seeded.
#[derive(Debug, thiserror::Error)]
pub(super) enum SeedError {
    /// No connection to run it on.
    #[error("the test's database could not be seeded")]
    Connect(#[from] ConnectError),
    /// The file was refused.
    #[error("the seed of the test failed")]
    Refused(#[source] proofmark_pool::SeedError),
}

/// Runs `seeds` in their order.
pub(super) async fn plant(lease: &Lease, seeds: &[Seed]) -> Result<(), SeedError> {
    for seed in seeds {
        let other = seed.database.map(|name| lease.beside(name));
        let bound = "a seed's database is bound by the argument that names it";
        let lease = other.map_or_else(|| lease.clone(), |other| other.expect(bound));
        let session = Session::open(&lease.config()).await?;
        let planted = proofmark_pool::seed(&session, seed.path, seed.text).await;
        session.close().await;
        planted.map_err(SeedError::Refused)?;
    }
    Ok(())
}
