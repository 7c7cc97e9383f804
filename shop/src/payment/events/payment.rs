//! Events of a payment.

crate::events! { Payment;
}
