//! Events of a product.

crate::events! { Product;
}
