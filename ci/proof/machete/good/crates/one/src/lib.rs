//! Uses what it names.
pub use serde::Serialize;
