//! What happens, as others are told.

pub mod method;
pub mod payment;
pub mod store_credit;
