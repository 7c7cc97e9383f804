//! `#[proofmark::test]` against a real server, as the tests of another crate would use it.
//!
//! **Invariant**: uses the public interface only.

mod fixtures;
