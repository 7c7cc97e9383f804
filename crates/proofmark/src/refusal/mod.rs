//! What a database refused, as the test's own client sees it.
//!
//! On the proxy's lane the wire shows every refusal. On the direct lane nobody is between, so what
//! is known comes from here: connections that we open are looked at in passing (`watched`), and of
//! other drivers' errors we know those that a test shows us (`assert`, `current`). `seen` keeps
//! them until the lease goes back.
//!
//! **Invariant**: a refusal counts once, however it came to be known, and by its name alone.

mod assert;
mod current;
mod message;
mod read;
mod returned;
mod seen;
mod watched;

pub use assert::{Asserted, ByAsRef, ByError, accepted, refused, refused_on};
pub use message::Refusal;
pub use returned::{Returned, TellsAnyError, TellsError, TellsNothing};

pub(crate) use current::Current;
pub(crate) use seen::Seen;
pub(crate) use watched::connect;
