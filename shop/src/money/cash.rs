//! What can be paid with coins.

use super::{Money, MoneyError, Rounding};

impl Money {
    /// The nearest amount that coins can make: a multiple of `increment` minor units, such as 5 for
    /// the Swiss franc. The difference is at most half of the increment, or less than all of it
    /// when rounding down.
    ///
    /// # Errors
    /// An increment below one, or out of range.
    pub fn in_coins_of(self, increment: i64, rounding: Rounding) -> Result<Self, MoneyError> {
        if increment < 1 {
            return Err(MoneyError::OutOfRange);
        }
        let increment = i128::from(increment);
        let coins = rounding.divide(i128::from(self.minor()), increment);
        Self::from_wide(coins * increment, self.currency())
    }
}
