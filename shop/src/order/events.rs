//! What happens to an order, as others are told.

crate::events! { Order;
}
