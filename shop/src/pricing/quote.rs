//! The quote: what a cart comes to, in the terms of an order.
//!
//! In: [`QuoteRequest`]. Out: [`Quote`], whose amounts are the columns of `orders`, `order_line`
//! and `order_adjustment`.
//!
//! **Invariant**: pure; knows neither the time nor the database.

use super::promotion::VoucherRefusal;
use super::request::{Policy, QuoteRequest};
use super::{discount, shipping, tax};
use crate::id::{PriceId, PromotionId, VariantId, VoucherId};
use crate::money::{AllocateError, Currency, Money, MoneyError, TaxRate};
use crate::value::{Label, Quantity, Slug};

/// What a cart comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    /// The currency of every amount in here.
    pub currency: Currency,
    /// Whether subtotals and discounts include tax.
    pub tax_included: bool,
    /// How it was computed.
    pub policy: Policy,
    /// What is bought, in the order of the request.
    pub lines: Vec<QuotedLine>,
    /// How it is sent, if that is known.
    pub shipping: Option<QuotedShipping>,
    /// What lowers the order rather than a line of it: shipping discounts, and cash rounding.
    pub order_adjustments: Vec<Adjustment>,
    /// The sums.
    pub totals: Totals,
    /// The vouchers that take something off, in the order of their ids: each is redeemed.
    pub redemptions: Vec<VoucherId>,
    /// The vouchers that take nothing off, and why.
    pub refused: Vec<(VoucherId, VoucherRefusal)>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotedLine {
    /// What is bought.
    pub variant: VariantId,
    /// At which price of the list.
    pub price_id: PriceId,
    /// From which quantity on the price holds.
    pub price_min_quantity: Quantity,
    /// The SKU that the order keeps.
    pub sku: String,
    /// The title that the order keeps.
    pub title: String,
    /// How many.
    pub quantity: Quantity,
    /// The price of one.
    pub unit_price: Money,
    /// All of them.
    pub subtotal: Money,
    /// What is taken off, zero or more: the negative of the adjustments.
    pub discount: Money,
    /// The rate.
    pub tax_rate: TaxRate,
    /// The tax on, or in, what is left.
    pub tax: Money,
    /// What the line comes to, with tax.
    pub total: Money,
    /// Why it is less than the subtotal.
    pub adjustments: Vec<Adjustment>,
}

/// What sending costs.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotedShipping {
    /// How it is sent.
    pub method: Slug,
    /// What that costs.
    pub amount: Money,
    /// What is taken off.
    pub discount: Money,
    /// The rate.
    pub tax_rate: TaxRate,
    /// The tax on, or in, what is left.
    pub tax: Money,
}

/// Why a price is not that of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AdjustmentKind {
    /// A promotion that needs no voucher.
    Promotion,
    /// A promotion that a voucher unlocked.
    Voucher,
    /// Coins.
    Rounding,
}

impl AdjustmentKind {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promotion => "promotion",
            Self::Voucher => "voucher",
            Self::Rounding => "rounding",
        }
    }
}

/// A part of a discount, or the rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjustment {
    /// Why.
    pub kind: AdjustmentKind,
    /// What is added: negative for everything but rounding, and never zero.
    pub amount: Money,
    /// The promotion, unless it is rounding.
    pub promotion: Option<PromotionId>,
    /// The voucher that unlocked it.
    pub voucher: Option<VoucherId>,
    /// What the customer reads.
    pub label: Label,
}

/// The sums of a quote, as the header of an order has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// All lines, as listed.
    pub lines_subtotal: Money,
    /// What is taken off them.
    pub lines_discount: Money,
    /// Their tax.
    pub lines_tax: Money,
    /// What sending costs.
    pub shipping_amount: Money,
    /// What is taken off it.
    pub shipping_discount: Money,
    /// Its tax.
    pub shipping_tax: Money,
    /// What coins cannot pay.
    pub rounding: Money,
    /// What the customer pays.
    pub grand_total: Money,
}

/// Why there is no quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// More than can be stored, or two currencies.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A price or an amount off below zero.
    #[error("a price is negative")]
    NegativePrice,
    /// The way of sending has no price for a cart of this size.
    #[error("`{method}` is not offered for this order")]
    NoShippingRate {
        /// The way of sending.
        method: Slug,
    },
}

impl From<AllocateError> for QuoteError {
    fn from(error: AllocateError) -> Self {
        match error {
            AllocateError::Money(error) => Self::Money(error),
            // Weights and limits are what is left of prices that are not negative.
            AllocateError::NoWeights
            | AllocateError::NegativeWeight { .. }
            | AllocateError::ExceedsLimits => Self::NegativePrice,
        }
    }
}

/// Reckons what a cart comes to: promotions in their order, then shipping, tax, cash rounding.
///
/// # Errors
/// [`QuoteError`]; vouchers that do not apply are no error but [`Quote::refused`].
pub fn quote(request: &QuoteRequest) -> Result<Quote, QuoteError> {
    let mut draft = discount::Draft::of(request)?;
    draft.lower_lines()?;
    let shipping = shipping::quote(request, &mut draft)?;
    let taxes = tax::of_lines(request, &draft)?;
    let lines = draft.lines(&taxes)?;
    let mut totals = sums(request, &lines, shipping.as_ref())?;
    let mut order_adjustments = draft.shipping_adjustments();
    if let Some(increment) = request.cash_increment {
        let cash = totals.grand_total.in_coins_of(increment, request.policy.rounding)?;
        totals.rounding = cash.minus(totals.grand_total)?;
        totals.grand_total = cash;
        if !totals.rounding.is_zero() {
            order_adjustments.push(Adjustment {
                kind: AdjustmentKind::Rounding,
                amount: totals.rounding,
                promotion: None,
                voucher: None,
                label: Label::literal("Cash rounding"),
            });
        }
    }
    let (redemptions, refused) = draft.vouchers();
    Ok(Quote {
        currency: request.currency,
        tax_included: request.tax_included,
        policy: request.policy,
        lines,
        shipping,
        order_adjustments,
        totals,
        redemptions,
        refused,
    })
}

/// The sums before rounding to coins.
fn sums(
    request: &QuoteRequest,
    lines: &[QuotedLine],
    shipping: Option<&QuotedShipping>,
) -> Result<Totals, MoneyError> {
    let zero = Money::zero(request.currency);
    let sum = |part: fn(&QuotedLine) -> Money| {
        lines.iter().try_fold(zero, |sum, line| sum.plus(part(line)))
    };
    let mut totals = Totals {
        lines_subtotal: sum(|line| line.subtotal)?,
        lines_discount: sum(|line| line.discount)?,
        lines_tax: sum(|line| line.tax)?,
        shipping_amount: shipping.map_or(zero, |shipping| shipping.amount),
        shipping_discount: shipping.map_or(zero, |shipping| shipping.discount),
        shipping_tax: shipping.map_or(zero, |shipping| shipping.tax),
        rounding: zero,
        grand_total: zero,
    };
    let goods = totals.lines_subtotal.minus(totals.lines_discount)?;
    let sending = totals.shipping_amount.minus(totals.shipping_discount)?;
    let tax =
        if request.tax_included { zero } else { totals.lines_tax.plus(totals.shipping_tax)? };
    totals.grand_total = goods.plus(sending)?.plus(tax)?;
    Ok(totals)
}
