//! The report as one page of HTML.
//!
//! In: a [`Report`](crate::Report). Out: one text that opens from disk, in any browser, with or
//! without scripts.
//!
//! **Invariant:** the page asks nobody for anything, and its own policy forbids it to; names from
//! the database or the suite are shown, never interpreted. Scripts only filter, fold and copy.

mod address;
mod figures;
mod findings;
mod migrations;
mod page;
mod promises;
mod runs;
mod states;
mod timeline;
mod verdict;

pub use page::render;
