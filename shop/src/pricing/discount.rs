//! What promotions take off the lines and the shipping.
//!
//! In: the lines as listed, and the promotions. Out: what is left of each line, and why.
//!
//! **Invariant**: nothing is ever lowered below zero, and what is taken off a line is the sum of
//! its adjustments.

use std::collections::{BTreeMap, BTreeSet};

use super::buy_get;
use super::promotion::{BasisPoints, Promotion, Rule, VoucherRefusal};
use super::quote::{Adjustment, AdjustmentKind, QuoteError, QuotedLine};
use super::request::{PricedLine, QuoteRequest, Weights};
use crate::id::{PromotionId, VoucherId};
use crate::money::{Money, MoneyError, Ratio, Rounding, TaxRate};
use crate::value::Slug;

/// The lines while promotions lower them.
pub(super) struct Draft<'r> {
    request: &'r QuoteRequest,
    lines: Vec<Lowered<'r>>,
    subtotal: Money,
    free_shipping: Vec<&'r Promotion>,
    shipping_adjustments: Vec<Adjustment>,
    seen: BTreeSet<PromotionId>,
    groups: BTreeSet<&'r Slug>,
    applied: BTreeSet<VoucherId>,
    refused: BTreeMap<VoucherId, VoucherRefusal>,
}

/// A line, and what is left of it.
pub(super) struct Lowered<'r> {
    pub(super) line: &'r PricedLine,
    subtotal: Money,
    pub(super) left: Money,
    adjustments: Vec<Adjustment>,
}

impl<'r> Draft<'r> {
    /// The lines as listed.
    pub(super) fn of(request: &'r QuoteRequest) -> Result<Self, QuoteError> {
        let mut subtotal = Money::zero(request.currency);
        let mut lines = Vec::with_capacity(request.lines.len());
        for line in &request.lines {
            if line.unit_price.is_negative() {
                return Err(QuoteError::NegativePrice);
            }
            let price = line.unit_price.times(i64::from(line.quantity.get()))?;
            subtotal = subtotal.plus(price)?;
            lines.push(Lowered { line, subtotal: price, left: price, adjustments: Vec::new() });
        }
        Ok(Self {
            request,
            lines,
            subtotal,
            free_shipping: Vec::new(),
            shipping_adjustments: Vec::new(),
            seen: BTreeSet::new(),
            groups: BTreeSet::new(),
            applied: BTreeSet::new(),
            refused: BTreeMap::new(),
        })
    }

    /// Applies every promotion in its order; those on shipping wait for its price.
    pub(super) fn lower_lines(&mut self) -> Result<(), QuoteError> {
        let mut promotions: Vec<&Promotion> = self.request.promotions.iter().collect();
        // An automatic promotion before a voucher for the same one, which then is not used up.
        promotions.sort_by_key(|promotion| (promotion.priority, promotion.id, promotion.voucher));
        for promotion in promotions {
            let refusal = match self.refusal(promotion)? {
                Some(refusal) => Some(refusal),
                None if promotion.rule == Rule::FreeShipping => {
                    self.free_shipping.push(promotion);
                    self.claim(promotion);
                    None
                }
                None => {
                    let off = self.off(promotion)?;
                    self.take(promotion, &off)?
                }
            };
            if let (Some(refusal), Some(voucher)) = (refusal, promotion.voucher) {
                self.refused.insert(voucher, refusal);
            }
        }
        Ok(())
    }

    /// Why a promotion does not apply to this cart at this point.
    fn refusal(&self, promotion: &Promotion) -> Result<Option<VoucherRefusal>, QuoteError> {
        let minimum = promotion.min_subtotal;
        let below = self.subtotal.minus(minimum)?.is_negative();
        let group = promotion.stacking_group.as_ref();
        let excluded = self.seen.contains(&promotion.id)
            || group.is_some_and(|group| self.groups.contains(group));
        let matches = self.lines.iter().any(|lowered| promotion.is_about(lowered.line.product));
        Ok(if excluded {
            Some(VoucherRefusal::Excluded)
        } else if below {
            Some(VoucherRefusal::BelowMinimum { minimum })
        } else if matches {
            None
        } else {
            Some(VoucherRefusal::NoEffect)
        })
    }

    /// What a promotion takes off each line.
    fn off(&self, promotion: &Promotion) -> Result<Vec<Money>, QuoteError> {
        let about = |lowered: &Lowered<'_>| promotion.is_about(lowered.line.product);
        let zero = Money::zero(self.request.currency);
        match promotion.rule {
            Rule::Percentage(percentage) => {
                let rounding = self.request.policy.rounding;
                let off = |lowered: &Lowered<'_>| {
                    if about(lowered) { part(lowered.left, percentage, rounding) } else { Ok(zero) }
                };
                Ok(self.lines.iter().map(off).collect::<Result<_, _>>()?)
            }
            Rule::Amount(amount) => {
                amount.same_currency(zero)?;
                if amount.is_negative() {
                    return Err(QuoteError::NegativePrice);
                }
                let limits: Vec<Money> = self
                    .lines
                    .iter()
                    .map(|lowered| if about(lowered) { lowered.left } else { zero })
                    .collect();
                let most = limits.iter().try_fold(zero, |sum, limit| sum.plus(*limit))?;
                let off = if amount.minor() < most.minor() { amount } else { most };
                Ok(off.allocate_within(&self.weights(&limits)?, &limits)?)
            }
            Rule::BuyXGetY { buy, get, off } => {
                let rounding = self.request.policy.rounding;
                let given = buy_get::given(promotion, buy, get, &self.lines);
                let off = |(lowered, given): (&Lowered<'_>, u32)| {
                    let units = lowered.line.quantity.get().unsigned_abs();
                    part(lowered.left.of_units(units, 0, given)?, off, rounding)
                };
                Ok(self.lines.iter().zip(given).map(off).collect::<Result<_, _>>()?)
            }
            Rule::FreeShipping => Ok(vec![zero; self.lines.len()]),
        }
    }

    fn weights(&self, limits: &[Money]) -> Result<Vec<i64>, MoneyError> {
        let listed = self.request.tax_included || self.request.policy.weights == Weights::Listed;
        let weight = |(lowered, limit): (&Lowered<'_>, &Money)| {
            if listed {
                return Ok(limit.minor());
            }
            let rounding = self.request.policy.rounding;
            Ok(lowered.line.tax_rate.on_net(*limit, rounding)?.gross.minor())
        };
        self.lines.iter().zip(limits).map(weight).collect()
    }

    /// Takes the amounts off the lines; the refusal when there is nothing to take.
    fn take(
        &mut self,
        promotion: &'r Promotion,
        off: &[Money],
    ) -> Result<Option<VoucherRefusal>, QuoteError> {
        if off.iter().all(|off| off.is_zero()) {
            return Ok(Some(VoucherRefusal::NoEffect));
        }
        for (lowered, off) in self.lines.iter_mut().zip(off) {
            lowered.left = lowered.left.minus(*off)?;
            lowered.adjustments.extend(adjustment(promotion, *off));
        }
        self.claim(promotion);
        self.applied.extend(promotion.voucher);
        Ok(None)
    }

    /// From here on the promotion and its group are taken.
    fn claim(&mut self, promotion: &'r Promotion) {
        self.seen.insert(promotion.id);
        self.groups.extend(promotion.stacking_group.as_ref());
    }

    /// What is left of `amount` after the promotions on shipping.
    pub(super) fn lower_shipping(&mut self, amount: Money) -> Money {
        let mut left = amount;
        for promotion in std::mem::take(&mut self.free_shipping) {
            if let Some(adjustment) = adjustment(promotion, left) {
                self.shipping_adjustments.push(adjustment);
                self.applied.extend(promotion.voucher);
                left = Money::zero(amount.currency());
            } else if let Some(voucher) = promotion.voucher {
                self.refused.insert(voucher, VoucherRefusal::NoEffect);
            }
        }
        left
    }

    /// What the goods come to after their discounts, as listed.
    pub(super) fn left(&self) -> Result<Money, MoneyError> {
        let zero = Money::zero(self.request.currency);
        self.lines.iter().try_fold(zero, |sum, lowered| sum.plus(lowered.left))
    }

    /// Quantity, tax rate and what is left, of every line.
    pub(super) fn bases(&self) -> impl Iterator<Item = (i32, TaxRate, Money)> {
        self.lines
            .iter()
            .map(|lowered| (lowered.line.quantity.get(), lowered.line.tax_rate, lowered.left))
    }

    /// The lines with their taxes.
    pub(super) fn lines(&self, taxes: &[Money]) -> Result<Vec<QuotedLine>, MoneyError> {
        let quoted = |(lowered, tax): (&Lowered<'_>, &Money)| {
            let Lowered { line, subtotal, left, adjustments } = lowered;
            Ok(QuotedLine {
                variant: line.variant,
                price_id: line.price_id,
                price_min_quantity: line.price_min_quantity,
                sku: line.sku.clone(),
                title: line.title.clone(),
                quantity: line.quantity,
                unit_price: line.unit_price,
                subtotal: *subtotal,
                discount: subtotal.minus(*left)?,
                tax_rate: line.tax_rate,
                tax: *tax,
                total: if self.request.tax_included { *left } else { left.plus(*tax)? },
                adjustments: adjustments.clone(),
            })
        };
        self.lines.iter().zip(taxes).map(quoted).collect()
    }

    /// What lowers the shipping.
    pub(super) fn shipping_adjustments(&mut self) -> Vec<Adjustment> {
        std::mem::take(&mut self.shipping_adjustments)
    }

    /// The vouchers that took something off, and those that did not.
    pub(super) fn vouchers(self) -> (Vec<VoucherId>, Vec<(VoucherId, VoucherRefusal)>) {
        (self.applied.into_iter().collect(), self.refused.into_iter().collect())
    }
}

/// A part of `price`. The price that remains is what is rounded, and the discount is the rest: half
/// of 83.33 leaves 41.67, as a price list would have it.
fn part(price: Money, off: BasisPoints, rounding: Rounding) -> Result<Money, MoneyError> {
    let remaining = Ratio::basis_points(i64::from(10_000 - off.get()));
    price.minus(price.times_ratio(remaining, rounding)?)
}

/// Nothing for an amount of nothing.
fn adjustment(promotion: &Promotion, off: Money) -> Option<Adjustment> {
    let kind = match promotion.voucher {
        Some(_) => AdjustmentKind::Voucher,
        None => AdjustmentKind::Promotion,
    };
    (!off.is_zero()).then(|| Adjustment {
        kind,
        amount: off.negated(),
        promotion: Some(promotion.id),
        voucher: promotion.voucher,
        label: promotion.label.clone(),
    })
}
