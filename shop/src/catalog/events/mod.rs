//! What happens, as others are told.

pub mod product;
pub mod variant;
