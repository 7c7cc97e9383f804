//! The text of migrations: its statements, and where a promise is declared.
//!
//! In: SQL as people write it. Out: statements, and byte ranges. Main type: [`Sources`].
//!
//! **Invariant**: the text is never changed and never executed here.

mod clauses;
mod cursor;
mod declaration;
mod declared;
mod statement_heads;
mod statements;
mod token;

pub use declaration::{Location, Migration, Sources, applied, locate};
pub use statements::{Statement, statements};
pub(crate) use token::{Token, TokenKind, tokens};
