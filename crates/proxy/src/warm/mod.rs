//! Warm backends: server connections that stay open when their client has left.
//!
//! In go a backend whose client is done with it, out comes one that a new client cannot tell from
//! a new connection but by its process id and the time it was started. Main type: [`Stock`].
//!
//! A backend is kept only if everything a session can leave behind is known to be gone: it was
//! idle, `DISCARD ALL` went well, its settings are those of its start, and nothing was sent in it
//! that `DISCARD ALL` does not undo ([`doubt`](doubt::doubt)). It is given only to a client that
//! asks for the same database with the same startup message ([`Fit`]), after it has answered a
//! question, with a cancel key of that client's own.
//!
//! **Invariant**: in doubt a backend is closed, and none outlives the proxy.

mod ahead;
mod backend;
mod doubt;
mod exchange;
mod fit;
mod greeting;
mod options;
mod recycle;
mod stock;
mod take;

pub(crate) use ahead::open_ahead;
pub(crate) use backend::{Backend, Past};
pub(crate) use doubt::{Doubt, doubt};
pub(crate) use fit::Fit;
pub(crate) use greeting::{Greeting, Opening};
pub use options::WarmOptions;
pub(crate) use recycle::{Settings, recycle};
pub(crate) use stock::Stock;
pub(crate) use take::take;
