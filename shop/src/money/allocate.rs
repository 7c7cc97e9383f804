//! Dividing an amount so that nothing is lost: by weights, and by units.

use super::{Money, MoneyError};

/// Why an amount could not be divided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllocateError {
    /// An amount, but nobody to give it to.
    #[error("there is nothing to allocate to")]
    NoWeights,
    /// A weight below zero.
    #[error("weight {index} is negative")]
    NegativeWeight {
        /// Its place, from 0.
        index: usize,
    },
    /// The parts may hold less than the amount.
    #[error("the amount is more than its parts may hold")]
    ExceedsLimits,
    /// Out of range, or two currencies.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Units that are more than there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more units than the line has")]
pub struct TooManyUnits;

impl Money {
    /// Shares in proportion to `weights`, by largest remainder (Hamilton): each share is the exact
    /// one rounded down or up, the shares add up to the amount exactly, and what is left over goes
    /// to the largest fractions, among equal ones to the earlier. Negative amounts are divided as
    /// their positives are. Weights that are all zero count as equal.
    ///
    /// The caller says what the weights are: net or gross, before or after other discounts. They
    /// give different cents.
    ///
    /// # Errors
    /// [`AllocateError::NegativeWeight`]; [`AllocateError::NoWeights`] unless there is nothing to
    /// divide.
    pub fn allocate(self, weights: &[i64]) -> Result<Vec<Self>, AllocateError> {
        if let Some(index) = weights.iter().position(|&weight| weight < 0) {
            return Err(AllocateError::NegativeWeight { index });
        }
        if weights.is_empty() {
            return if self.is_zero() { Ok(Vec::new()) } else { Err(AllocateError::NoWeights) };
        }
        let shares = shares(i128::from(self.minor().unsigned_abs()), weights);
        let sign = i128::from(self.minor().signum());
        shares
            .into_iter()
            .map(|share| Ok(Self::from_wide(sign * share, self.currency())?))
            .collect()
    }

    /// As [`allocate`](Self::allocate), but no share exceeds its limit; what a full one cannot take
    /// goes to the others in proportion. For a positive amount.
    ///
    /// # Errors
    /// [`AllocateError::ExceedsLimits`] when all limits together are less than the amount, or there
    /// is no limit for a weight.
    pub fn allocate_within(
        self,
        weights: &[i64],
        limits: &[Self],
    ) -> Result<Vec<Self>, AllocateError> {
        if weights.len() != limits.len() || self.is_negative() {
            return Err(AllocateError::ExceedsLimits);
        }
        let mut given = vec![Self::zero(self.currency()); weights.len()];
        let mut left = self;
        // Each round fills at least one share or gives everything.
        while !left.is_zero() {
            let mut open: Vec<(i64, &Self, &mut Self)> = weights
                .iter()
                .zip(limits)
                .zip(&mut given)
                .map(|((&weight, limit), given)| (weight, limit, given))
                .filter(|(_, limit, given)| room(limit, given) > 0)
                .collect();
            if open.is_empty() {
                return Err(AllocateError::ExceedsLimits);
            }
            let open_weights: Vec<i64> = open.iter().map(|(weight, ..)| *weight).collect();
            let mut rest = Self::zero(self.currency());
            for ((_, limit, given), share) in open.iter_mut().zip(left.allocate(&open_weights)?) {
                let taken = share.minor().min(room(limit, given));
                let taken = Self::new(taken, self.currency())?;
                **given = given.plus(taken)?;
                rest = rest.plus(share.minus(taken)?)?;
            }
            left = rest;
        }
        Ok(given)
    }

    /// The part of `more` units of a line of `units`, of which `already` are settled: the
    /// difference of two cumulative shares, each rounded towards zero. However a line is cut into
    /// refunds, the parts of all its units add up to it exactly.
    ///
    /// # Errors
    /// [`TooManyUnits`] when there are not that many left.
    pub fn of_units(self, units: u32, already: u32, more: u32) -> Result<Self, TooManyUnits> {
        let until = already.checked_add(more).filter(|&until| until <= units);
        let until = until.ok_or(TooManyUnits)?;
        if more == 0 {
            return Ok(Self::zero(self.currency()));
        }
        let up_to = |count: u32| i128::from(self.minor()) * i128::from(count) / i128::from(units);
        Self::from_wide(up_to(until) - up_to(already), self.currency()).map_err(|_| TooManyUnits)
    }
}

fn room(limit: &Money, given: &Money) -> i64 {
    limit.minor().saturating_sub(given.minor())
}

/// Hamilton's method over at least one weight, none of them negative.
fn shares(amount: i128, weights: &[i64]) -> Vec<i128> {
    let equal = weights.iter().all(|&weight| weight == 0);
    let weights: Vec<i128> =
        weights.iter().map(|&weight| if equal { 1 } else { i128::from(weight) }).collect();
    let total: i128 = weights.iter().sum();
    let products: Vec<i128> = weights.iter().map(|weight| amount * weight).collect();
    let mut shares: Vec<i128> = products.iter().map(|product| product / total).collect();
    give_to_largest(amount - shares.iter().sum::<i128>(), &mut shares, |index| {
        products.get(index).map_or(0, |product| product % total)
    });
    shares
}

/// Raises the `left` shares of the largest remainders by one, among equal ones the earlier.
pub(crate) fn give_to_largest(left: i128, shares: &mut [i128], remainder: impl Fn(usize) -> i128) {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(remainder(index)));
    for index in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        if let Some(share) = shares.get_mut(index) {
            *share += 1;
        }
    }
}
