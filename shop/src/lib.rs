//! A commerce core whose money and stock cannot go wrong.
//!
//! What must hold is held by the database: the schema in `shop/migrations/` is the first part of
//! the crate, and every constraint of it is tried by `shop/tests/constraints/`. The domain stands
//! on top, one folder per aggregate.
//!
//! **Invariant**: nothing here relies on having checked before; the name of the constraint that
//! refuses is the error.
