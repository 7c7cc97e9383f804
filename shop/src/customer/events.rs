//! What happens to a customer, as others are told: never a name, an email or an address.

use super::AddressKind;
use crate::id::{AddressId, CustomerId};

crate::events! { Customer;
    /// A customer has an account.
    "customer.registered" 1 => CustomerRegistered {
        /// Who.
        customer: CustomerId,
    }
    /// A customer's own fields were changed.
    "customer.updated" 1 => CustomerUpdated {
        /// Who.
        customer: CustomerId,
        /// The version now.
        version: i64,
    }
    /// A customer is gone; what was personal is overwritten.
    "customer.deleted" 1 => CustomerDeleted {
        /// Who.
        customer: CustomerId,
    }
    /// A customer has a further address.
    "customer.address_added" 1 => AddressAdded {
        /// Who.
        customer: CustomerId,
        /// Which address.
        address: AddressId,
        /// For what.
        kind: AddressKind,
    }
    /// Another address is the one to begin with.
    "customer.default_address_set" 1 => DefaultAddressSet {
        /// Who.
        customer: CustomerId,
        /// Which address.
        address: AddressId,
        /// For what.
        kind: AddressKind,
    }
    /// An address is gone.
    "customer.address_removed" 1 => AddressRemoved {
        /// Who.
        customer: CustomerId,
        /// Which address.
        address: AddressId,
    }
}
