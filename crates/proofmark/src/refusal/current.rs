//! The test that runs on this thread.
//!
//! In: a test that begins, on its own thread and those of its runtime. Out: its lease, for what has
//! no other way to it.
//!
//! **Invariant**: a thread that is nobody's has none, and none has that of a test that is over.

use std::cell::RefCell;

use crate::fixture::Lease;

thread_local! {
    static CURRENT: RefCell<Option<Lease>> = const { RefCell::new(None) };
}

/// Has the thread be of a test until it is dropped.
#[derive(Debug)]
pub(crate) struct Current(());

impl Current {
    /// The thread is of the test with this lease from now on.
    #[must_use]
    pub(crate) fn set(lease: &Lease) -> Self {
        CURRENT.set(Some(lease.clone()));
        Self(())
    }

    /// The same for a thread that ends with the test.
    pub(crate) fn set_for_good(lease: &Lease) {
        CURRENT.set(Some(lease.clone()));
    }

    /// The lease of the test that runs here.
    pub(super) fn lease() -> Option<Lease> {
        CURRENT.with_borrow(Clone::clone)
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}
