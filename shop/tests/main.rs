//! The shop's domain, tried through its operations; one folder per subject.

#![allow(unreachable_pub, reason = "the modules of a test binary")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod make;

mod calculations;
mod carts;
mod catalog;
mod chaos;
mod concurrency;
mod customers;
mod events;
mod inventory;
mod orders;
mod payments;
mod pricing;
mod scale;
mod workflows;
