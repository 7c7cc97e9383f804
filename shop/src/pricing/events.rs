//! What happens to a voucher, as others are told.

crate::events! { Voucher;
}
