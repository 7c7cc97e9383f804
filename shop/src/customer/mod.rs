//! Customers: people with an account, and their addresses.
//!
//! In: emails, names, addresses. Out: ids that carts and orders name.
//!
//! **Invariant**: nothing personal reaches an event, an error or a log.

mod account;
mod address;
mod contact;
pub mod events;
pub(crate) mod http;

pub use account::{
    Customer, DeleteError, Register, RegisterError, Update, UpdateError, delete, find, register,
    update,
};
pub use address::{
    AddAddress, AddAddressError, AddressError, AddressKind, PostalAddress, add_address,
    remove_address, set_default_address,
};
pub use contact::{Email, Phone, Postcode};
