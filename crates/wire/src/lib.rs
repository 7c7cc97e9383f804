//! Messages of the PostgreSQL wire protocol (versions 3.0 and 3.2), without sockets.
//!
//! In go bytes, in any chunks; out come messages, and for the few answers that Proofmark gives
//! itself, bytes again. The parts that see every byte of a session are [`Scanner`], which finds
//! messages without ever holding a large one, and [`Replies`], which knows which statement an
//! answer of the server belongs to. [`statement_shape`] makes a statement fit to be written down.
//!
//! **Invariant**: this crate knows no socket, no clock and no lease, and nothing a peer sends can
//! make it panic or hold more memory than its stated bounds.

pub mod backend;
mod cursor;
mod frame;
pub mod frontend;
pub mod lexer;
mod replies;
mod scanner;
pub mod startup;
mod statement_shape;
mod statement_split;
pub mod tag;

pub use cursor::{Cursor, Malformed};
pub use frame::frame;
pub use lexer::Strings;
pub use replies::{Outcome, QueueState, Replies, TransactionStatus};
pub use scanner::{Interest, Message, Scanner};
pub use statement_shape::{SHAPE_LENGTH_MAX, statement_shape};
pub use statement_split::{nth_statement, statements};
