//! A fixture.
//!
//! In: nothing. Out: nothing.
//!
//! **Invariant:** none.

/// long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long 
pub fn f() {}
