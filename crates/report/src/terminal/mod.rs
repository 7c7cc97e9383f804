//! The report on a terminal.
//!
//! In: a [`Report`](crate::Report). Out: text for standard error or standard output, with or
//! without colour. [`line()`] is the one grammar of lines that progress and report share.
//!
//! **Invariant:** human output is not an interface. Names from the database or the suite are
//! shown, never interpreted.

mod gaps;
mod line;
mod listing;
mod page;
mod style;
mod summary;
mod visible;

pub use line::{Verb, line, toned, under};
pub use listing::listing;
pub use page::{Options, render};
pub use style::Tone;
pub use visible::visible;
