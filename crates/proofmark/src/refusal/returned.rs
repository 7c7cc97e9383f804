//! What a test returned: an error in it may be a refusal.
//!
//! In: the value of a test function, of whatever type. Out: the lease is shown its error.
//!
//! **Invariant**: the value itself is not touched. Which of the traits applies is chosen by the
//! number of references ("autoref specialization"), when the test is compiled.

use std::error::Error;

use crate::fixture::Lease;

/// A value that a test returned.
#[derive(Debug)]
pub struct Returned<'a, R>(pub &'a R);

/// A `Result` with an error.
pub trait TellsError {
    /// Shows the error.
    fn tell(&self, lease: &Lease);
}

impl<T, E: Error + 'static> TellsError for &&Returned<'_, Result<T, E>> {
    fn tell(&self, lease: &Lease) {
        if let Err(error) = self.0 {
            lease.saw(error);
        }
    }
}

/// A `Result` with a type that holds an error: `anyhow::Error`, `Box<dyn Error + Send + Sync>`.
pub trait TellsAnyError {
    /// Shows the error.
    fn tell(&self, lease: &Lease);
}

impl<T, E: AsRef<dyn Error + Send + Sync + 'static>> TellsAnyError for &Returned<'_, Result<T, E>> {
    fn tell(&self, lease: &Lease) {
        if let Err(error) = self.0 {
            lease.saw(error.as_ref());
        }
    }
}

/// Anything else that a test may return.
pub trait TellsNothing {
    /// Shows nothing.
    fn tell(&self, lease: &Lease);
}

impl<R> TellsNothing for Returned<'_, R> {
    fn tell(&self, _: &Lease) {}
}
