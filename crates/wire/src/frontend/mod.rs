//! Messages that a client sends, as far as they have a body that is read or written.
//!
//! In goes a body, out comes a message that borrows from it. Where a body may have been cut by the
//! scanner, `head` reads what is there and `parse` insists on the whole.
//!
//! **Invariant**: reading allocates nothing but the lists of a Bind or Parse.

mod bind;
mod close;
mod describe;
mod execute;
mod parse;
mod password;
mod query;

pub use bind::{Bind, BindHead};
pub use close::Close;
pub use describe::{Describe, Target};
pub use execute::Execute;
pub use parse::{Parse, ParseHead};
pub use password::{Password, SaslInitialResponse, SaslResponse};
pub use query::Query;
