//! The text of migrations: its statements, and where a promise is declared.
//!
//! In: SQL as people write it. Out: statements, and byte ranges. Main functions:
//! [`statements()`], [`locate()`].
//!
//! **Invariant**: the text is never changed and never executed here.

mod declaration;
mod statements;
mod token;

pub use declaration::{Location, Migration, locate};
pub use statements::{Statement, statements};
