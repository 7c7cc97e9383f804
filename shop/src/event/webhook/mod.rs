//! Webhooks out, by [Standard Webhooks](https://www.standardwebhooks.com/) 1.0.0.
//!
//! In: events that are published, and endpoints that subscribed to their types. Out: each event to
//! each of them, at least once, signed, again and again by a published schedule until
//! it is accepted or given up.
//!
//! A delivery is a row, written in the transaction that marks its event as published ([`Fan`]). A
//! worker claims it by a lease, asks outside of any transaction, and books what came back
//! ([`Deliveries`]); one that dies lets the lease run out.
//!
//! **Invariant**: nothing is sent to an address that was not checked, and none is looked up twice:
//! the address that passed is the one that is connected to.

mod body;
mod deliver;
mod endpoint;
mod fan;
mod guard;
pub(crate) mod http;
mod schedule;
mod secret;
mod send;
mod view;

pub use body::{MOST_BYTES, body};
pub use deliver::{Deliveries, IN_FLIGHT, LEASE};
pub use endpoint::{
    CreateEndpoint, CreateEndpointError, EndpointError, EndpointUrl, RotateSecretError,
    UpdateEndpoint, UpdateEndpointError, create_endpoint, delete_endpoint, rotate_secret,
    update_endpoint,
};
pub use fan::Fan;
pub use guard::{Reach, is_public};
pub use schedule::{TRIES, delay};
pub use secret::{Secret, SecretError, Signature, VerifyError, sign, verify};
pub use send::{Failed, Sender, SenderError, Sent};
pub use view::{
    Attempt, Delivery, DeliveryState, Endpoint, RedeliverError, attempts, deliveries, endpoint,
    endpoints, redeliver,
};
