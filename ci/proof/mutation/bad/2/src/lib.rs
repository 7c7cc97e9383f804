//! A fixture.

/// Gives the sum.
pub fn sum(a: u8, b: u8) -> u8 {
    a + b
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_sums() {
        assert!(super::sum(3, 1) > 0);
    }
}
