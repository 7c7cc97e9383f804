//! A fixture.

/// Gives the sum.
pub fn sum(a: u8, b: u8) -> u8 {
    a + b
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_sums() {
        assert_eq!(super::sum(2, 3), 5);
    }
}
