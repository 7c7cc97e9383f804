//! A fixture.

/// Gives one.
pub fn one() -> u8 {
    1
}
