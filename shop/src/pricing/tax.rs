//! The tax of the lines, rounded where the policy says.

use std::collections::BTreeMap;

use super::discount::Draft;
use super::request::{QuoteRequest, TaxRounding};
use crate::money::{Money, MoneyError, Rounding, TaxRate, TooManyUnits, give_to_largest};

/// The tax of each line, on or in what its discounts have left.
pub(super) fn of_lines(
    request: &QuoteRequest,
    draft: &Draft<'_>,
) -> Result<Vec<Money>, MoneyError> {
    let lines = draft.bases();
    let tax = Tax { included: request.tax_included, rounding: request.policy.rounding };
    match request.policy.tax_rounding {
        TaxRounding::Line => lines.map(|(_, rate, base)| tax.of(rate, base)).collect(),
        TaxRounding::Unit => {
            lines.map(|(units, rate, base)| tax.by_unit(units, rate, base)).collect()
        }
        TaxRounding::Total => tax.in_total(&lines.collect::<Vec<_>>(), request),
    }
}

#[derive(Clone, Copy)]
struct Tax {
    included: bool,
    rounding: Rounding,
}

impl Tax {
    fn of(self, rate: TaxRate, base: Money) -> Result<Money, MoneyError> {
        let taxed = if self.included {
            rate.in_gross(base, self.rounding)
        } else {
            rate.on_net(base, self.rounding)
        };
        Ok(taxed?.tax)
    }

    /// The units of a line cost what they would be refunded at, so at most two different amounts.
    fn by_unit(self, units: i32, rate: TaxRate, base: Money) -> Result<Money, MoneyError> {
        let count = i64::from(units.max(1));
        let dearer = base.minor() % count;
        let cheap = Money::new(base.minor() / count, base.currency())?;
        let tax = self.of(rate, cheap)?.times(count - dearer)?;
        if dearer == 0 {
            return Ok(tax);
        }
        let dear = Money::new(base.minor() / count + 1, base.currency())?;
        self.of(rate, dear)?.times(dearer)?.plus(tax)
    }

    /// The tax on all lines of a rate together, given to them by largest remainder: no line is
    /// further than one minor unit from its own exact tax.
    fn in_total(
        self,
        lines: &[(i32, TaxRate, Money)],
        request: &QuoteRequest,
    ) -> Result<Vec<Money>, MoneyError> {
        let mut by_rate: BTreeMap<TaxRate, Vec<usize>> = BTreeMap::new();
        for (index, (_, rate, _)) in lines.iter().enumerate() {
            by_rate.entry(*rate).or_default().push(index);
        }
        let mut taxes = vec![Money::zero(request.currency); lines.len()];
        for (rate, members) in by_rate {
            let bases: Vec<Money> = members.iter().map(|&index| lines[index].2).collect();
            let shares = self.shares(rate, &bases, request)?;
            for (&index, share) in members.iter().zip(shares) {
                taxes[index] = share;
            }
        }
        Ok(taxes)
    }

    fn shares(
        self,
        rate: TaxRate,
        bases: &[Money],
        request: &QuoteRequest,
    ) -> Result<Vec<Money>, MoneyError> {
        let zero = Money::zero(request.currency);
        let base = bases.iter().try_fold(zero, |sum, base| sum.plus(*base))?;
        let total = i128::from(self.of(rate, base)?.minor());
        let part = i128::from(rate.millionths());
        let whole = if self.included { 1_000_000 + part } else { 1_000_000 };
        let exact = |index: usize| i128::from(bases[index].minor()) * part;
        let mut shares: Vec<i128> = (0..bases.len()).map(|index| exact(index) / whole).collect();
        give_to_largest(total - shares.iter().sum::<i128>(), &mut shares, |index| {
            exact(index) % whole
        });
        shares.into_iter().map(|share| Money::from_wide(share, request.currency)).collect()
    }
}

impl From<TooManyUnits> for MoneyError {
    fn from(_: TooManyUnits) -> Self {
        Self::OutOfRange
    }
}
