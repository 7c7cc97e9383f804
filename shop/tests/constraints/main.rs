//! Every promise of the shop's schema, refused by its own name and accepted.
//!
//! In: a migrated database per test. Out: for each constraint at least one row that it refuses and
//! committed rows that it accepts. Cases are data ([`cases::Case`]); [`completeness`] compares what
//! they claim with what the database declares, so a constraint without a case fails the build.
//!
//! **Invariant**: knows the schema only; nothing of the shop's Rust code is called.

mod acceptance;
mod cases;
mod completeness;
mod factories;
mod refusal;

mod access;
mod cart;
mod cascades;
mod catalog;
mod customer;
mod event;
mod foundation;
mod invariants;
mod inventory;
mod machines;
mod not_null;
mod order;
mod payment;
mod pricing;
mod soft_delete;
mod summaries;
