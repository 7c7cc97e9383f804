//! Makes a report of a trace and its coverage.
//!
//! In: a trace, and what the coverage crate made of it. Out: a [`Report`](crate::Report).
//!
//! **Invariant:** whether something was tried is the coverage crate's word; here it is only put
//! in order, worded and shown with its declaration.

mod excerpt;
mod facts;
mod leases;
mod subject;
