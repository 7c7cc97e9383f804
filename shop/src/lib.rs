//! A commerce core whose money and stock cannot go wrong.
//!
//! What must hold is held by the database: the schema in `shop/migrations/` is the first part of
//! the crate, and every constraint of it is tried by `shop/tests/constraints/`. The domain stands
//! on top, one folder per aggregate, one function per use case: it takes a connection inside a
//! transaction, or a pool where it needs several, and the [`Context`](context::Context), and gives
//! a typed result or a typed error.
//!
//! **Invariant**: nothing here relies on having checked before; the name of the constraint that
//! refuses is the error.

pub mod context;
pub mod database;
pub mod id;
pub mod invariant;
pub mod machine;
pub mod migration;

pub mod money;
pub mod value;

pub mod catalog;
pub mod customer;
pub mod inventory;

pub mod cart;
pub mod pricing;

pub mod order;
pub mod payment;

pub mod event;

pub mod http;
pub mod telemetry;

pub mod worker;

pub mod seed;

pub mod admin;
