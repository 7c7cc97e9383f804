//! What happens, as others are told.

pub mod payment;
pub mod store_credit;
