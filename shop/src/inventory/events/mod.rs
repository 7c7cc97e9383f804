//! What happens, as others are told.

pub mod reservation;
pub mod transfer;
