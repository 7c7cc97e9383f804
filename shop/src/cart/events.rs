//! What happens to a cart, as others are told.

crate::events! { Cart;
}
