//! A fixture.

/// Gives one.
pub fn one(of: Option<u8>) -> u8 {
    of.unwrap()
}
