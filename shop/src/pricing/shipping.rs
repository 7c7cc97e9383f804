//! What sending a cart costs.

use super::discount::Draft;
use super::quote::{QuoteError, QuotedShipping};
use super::request::{QuoteRequest, ShippingChoice, ShippingRate};
use crate::money::{Money, MoneyError, TaxRate};

/// The rate for what the goods come to after their discounts, less what promotions take off it.
pub(super) fn quote(
    request: &QuoteRequest,
    draft: &mut Draft<'_>,
) -> Result<Option<QuotedShipping>, QuoteError> {
    let Some(choice) = &request.shipping else {
        return Ok(None);
    };
    let rate = matching(choice, draft.left()?)?;
    rate.amount.same_currency(Money::zero(request.currency))?;
    if rate.amount.is_negative() {
        return Err(QuoteError::NegativePrice);
    }
    let amount = in_terms_of(request, rate, choice.tax_rate)?;
    let left = draft.lower_shipping(amount);
    let taxed = if request.tax_included {
        choice.tax_rate.in_gross(left, request.policy.rounding)?
    } else {
        choice.tax_rate.on_net(left, request.policy.rounding)?
    };
    Ok(Some(QuotedShipping {
        method: choice.method.clone(),
        amount,
        discount: amount.minus(left)?,
        tax_rate: choice.tax_rate,
        tax: taxed.tax,
    }))
}

fn matching(choice: &ShippingChoice, subtotal: Money) -> Result<&ShippingRate, QuoteError> {
    let subtotal = subtotal.minor();
    choice
        .rates
        .iter()
        .find(|rate| rate.from <= subtotal && rate.below.is_none_or(|below| subtotal < below))
        .ok_or_else(|| QuoteError::NoShippingRate { method: choice.method.clone() })
}

/// A net rate becomes gross in a cart of gross prices, and the other way round.
fn in_terms_of(
    request: &QuoteRequest,
    rate: &ShippingRate,
    tax_rate: TaxRate,
) -> Result<Money, MoneyError> {
    match (rate.tax_included, request.tax_included) {
        (false, true) => Ok(tax_rate.on_net(rate.amount, request.policy.rounding)?.gross),
        (true, false) => Ok(tax_rate.in_gross(rate.amount, request.policy.rounding)?.net),
        _ => Ok(rate.amount),
    }
}
