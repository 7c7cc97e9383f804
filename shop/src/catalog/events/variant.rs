//! Events of a variant.

crate::events! { Variant;
}
