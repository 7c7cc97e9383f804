//! A fixture.
//!
//! In: nothing. Out: nothing.
//!
//! **Invariant:** none.

/// Short.
pub fn f() {}
