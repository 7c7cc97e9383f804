//! What happens to a customer, as others are told.

crate::events! { Customer;
}
