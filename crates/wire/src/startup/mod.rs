//! What a client sends before the first tagged message.
//!
//! In go the first bytes of a connection, out comes one [`Opening`].
//!
//! **Invariant**: nothing longer than [`OPENING_LENGTH_MAX`] is ever waited for.

mod cancel_request;
mod opening;
mod startup_message;

pub use cancel_request::CancelRequest;
pub use opening::{OPENING_LENGTH_MAX, Opening, OpeningError, Read, read_opening};
pub use startup_message::{ProtocolVersion, StartupMessage};
