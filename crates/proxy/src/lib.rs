//! The wire proxy: a client and a lease go in, events come out.
//!
//! A client connects as it would to any PostgreSQL. The proxy finds out which test it belongs to,
//! asks a [`LeaseSource`] for that test's database, and from then on passes bytes in both
//! directions, looking at them as they go by. What it saw leaves as [`Event`]s. Main type:
//! [`Proxy`].
//!
//! **Invariant**: it knows neither how a database is made nor what a promise is, it changes no byte
//! between a client and a server once the session has begun (of a client whose backend stays it
//! keeps the goodbye), and no value of a row ever enters an event. The [`gate`], a proxy of its own
//! for races, is the one part that delays.

mod backend;
mod console;
mod events;
mod frontend;
pub mod gate;
mod identity;
mod ids;
mod leases;
mod listen;
mod options;
mod proxy;
mod session;
mod shared;
mod source;
mod stream;
mod warm;

pub use events::{Ended, Event, Identity, Lane, Refusal, TurnedAway};
pub use ids::{LeaseId, SessionId, TestName};
pub use options::{IDENTITY_ENV, Listen, ProxyOptions};
pub use proxy::{Proxy, StartError};
pub use source::{
    FailingKey, FailingRow, GivenBack, Granted, LeaseRequest, LeaseSource, Seen, SourceError,
    StatementSeen, Upstream,
};
pub use warm::WarmOptions;
