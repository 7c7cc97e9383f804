//! API keys: shown once, kept as a digest, found by their prefix.
//!
//! In: a name, scopes, an end; or the text `shop_<prefix>_<secret>` of a request. Out: the key's
//! text, once; or what it may do.
//!
//! **Invariant**: the secret is compared by its digest, in constant time, and is in no log.

mod create;
mod routes;
mod secret;
mod verify;

pub use create::{
    CreateKey, CreateKeyError, RevokeKeyError, RotateKeyError, create_key, revoke_key, rotate_key,
};
pub(super) use routes::routes;
pub use secret::{ApiKey, ParseKeyError};
pub use verify::Grant;
pub(super) use verify::{KeyCache, verify};
