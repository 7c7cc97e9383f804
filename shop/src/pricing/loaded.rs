//! What the database said about a cart, and the parts of a request that it becomes.
//!
//! **Invariant**: what does not fit its type is an error of the database, never a default.

use uuid::Uuid;

use super::price_cart::PriceCartError;
use super::promotion::{BasisPoints, Promotion, Role, Rule, VoucherRefusal};
use super::request::{PricedLine, ShippingChoice, ShippingRate};
use crate::database::DatabaseError;
use crate::id::{Id, PriceId, ProductId, PromotionId, ShippingRateId, VariantId, VoucherId};
use crate::money::{Currency, Money, TaxRate};
use crate::value::{Label, Quantity, Slug};

/// Why a part is none of a request.
pub(super) enum Problem {
    Untaxed(Slug),
    Unreadable(sqlx::error::BoxDynError),
}

impl Problem {
    pub(super) fn into(self, untaxed: impl FnOnce(Slug) -> PriceCartError) -> PriceCartError {
        match self {
            Self::Untaxed(tax_class) => untaxed(tax_class),
            Self::Unreadable(source) => {
                PriceCartError::Database(DatabaseError::Other(sqlx::Error::Decode(source)))
            }
        }
    }
}

impl<E: Into<sqlx::error::BoxDynError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Unreadable(error.into())
    }
}

/// An id as the database writes it.
struct Stored<I>(I);

impl<'de, I: Id> serde::Deserialize<'de> for Stored<I> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Uuid::try_parse(&text).map(I::from_uuid).map(Self).map_err(serde::de::Error::custom)
    }
}

#[derive(serde::Deserialize)]
pub(super) struct LinePart {
    variant: Stored<VariantId>,
    product: Stored<ProductId>,
    price_id: Stored<PriceId>,
    price_min_quantity: i64,
    sku: String,
    title: String,
    quantity: i64,
    unit_price: i64,
    tax_class: Slug,
    rate: Option<i64>,
}

impl LinePart {
    pub(super) fn priced(self, currency: Currency) -> Result<PricedLine, Problem> {
        Ok(PricedLine {
            variant: self.variant.0,
            product: self.product.0,
            price_id: self.price_id.0,
            price_min_quantity: Quantity::new(self.price_min_quantity)?,
            sku: self.sku,
            title: self.title,
            quantity: Quantity::new(self.quantity)?,
            unit_price: Money::new(self.unit_price, currency)?,
            tax_rate: rate(self.rate, self.tax_class)?,
        })
    }
}

/// Only the class that is called so is taxed with nothing where nobody has said anything.
fn rate(millionths: Option<i64>, tax_class: Slug) -> Result<TaxRate, Problem> {
    match millionths {
        Some(millionths) => Ok(TaxRate::from_millionths(millionths)?),
        None if tax_class.as_str() == "zero" => Ok(TaxRate::ZERO),
        None => Err(Problem::Untaxed(tax_class)),
    }
}

#[derive(serde::Deserialize)]
pub(super) struct PromotionPart {
    id: Stored<PromotionId>,
    voucher: Option<Stored<VoucherId>>,
    refusal: Option<RefusalPart>,
    name: Label,
    kind: KindPart,
    percentage: Option<i64>,
    buy_quantity: Option<i64>,
    get_quantity: Option<i64>,
    priority: i32,
    stacking_group: Option<Slug>,
    amount: Option<i64>,
    min_subtotal: Option<i64>,
    other_currency: bool,
    products: Vec<(Stored<ProductId>, RolePart)>,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindPart {
    Percentage,
    Amount,
    BuyXGetY,
    FreeShipping,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum RolePart {
    Buy,
    Get,
    Any,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefusalPart {
    Unknown,
    NotYetValid,
    Expired,
    UsedUp,
    NeedsCustomer,
    UsedUpByCustomer,
}

impl From<RefusalPart> for VoucherRefusal {
    fn from(part: RefusalPart) -> Self {
        match part {
            RefusalPart::Unknown => Self::Unknown,
            RefusalPart::NotYetValid => Self::NotYetValid,
            RefusalPart::Expired => Self::Expired,
            RefusalPart::UsedUp => Self::UsedUp,
            RefusalPart::NeedsCustomer => Self::NeedsCustomer,
            RefusalPart::UsedUpByCustomer => Self::UsedUpByCustomer,
        }
    }
}

impl PromotionPart {
    /// The voucher that it came by.
    pub(super) fn voucher(&self) -> Option<VoucherId> {
        self.voucher.as_ref().map(|voucher| voucher.0)
    }

    /// The promotion, or why it is not offered to this cart.
    pub(super) fn offered(
        self,
        currency: Currency,
    ) -> Result<Result<Promotion, VoucherRefusal>, Problem> {
        if let Some(refusal) = self.refusal {
            return Ok(Err(refusal.into()));
        }
        let no_amount = matches!(self.kind, KindPart::Amount) && self.amount.is_none();
        if self.other_currency || no_amount {
            return Ok(Err(VoucherRefusal::OtherCurrency));
        }
        let percentage = || BasisPoints::new(self.percentage.unwrap_or_default());
        let rule = match self.kind {
            KindPart::Percentage => Rule::Percentage(percentage()?),
            KindPart::Amount => {
                Rule::Amount(Money::new(self.amount.unwrap_or_default(), currency)?)
            }
            KindPart::BuyXGetY => Rule::BuyXGetY {
                buy: Quantity::new(self.buy_quantity.unwrap_or_default())?,
                get: Quantity::new(self.get_quantity.unwrap_or_default())?,
                off: percentage()?,
            },
            KindPart::FreeShipping => Rule::FreeShipping,
        };
        let role = |part| match part {
            RolePart::Buy => Role::Buy,
            RolePart::Get => Role::Get,
            RolePart::Any => Role::Any,
        };
        let about = |(product, part): (Stored<_>, _)| (product.0, role(part));
        let voucher = self.voucher();
        Ok(Ok(Promotion {
            id: self.id.0,
            label: self.name,
            rule,
            priority: self.priority,
            stacking_group: self.stacking_group,
            voucher,
            min_subtotal: Money::new(self.min_subtotal.unwrap_or_default(), currency)?,
            products: self.products.into_iter().map(about).collect(),
        }))
    }
}

#[derive(serde::Deserialize)]
pub(super) struct ShippingPart {
    tax_class: Slug,
    rate: Option<i64>,
    rates: Vec<RatePart>,
}

#[derive(serde::Deserialize)]
struct RatePart {
    id: Stored<ShippingRateId>,
    from: Option<i64>,
    below: Option<i64>,
    amount: i64,
    tax_included: bool,
}

impl ShippingPart {
    pub(super) fn choice(
        self,
        method: &Slug,
        currency: Currency,
    ) -> Result<ShippingChoice, Problem> {
        let priced = |part: RatePart| {
            Ok(ShippingRate {
                id: part.id.0,
                from: part.from.unwrap_or(i64::MIN),
                below: part.below,
                amount: Money::new(part.amount, currency)?,
                tax_included: part.tax_included,
            })
        };
        Ok(ShippingChoice {
            method: method.clone(),
            tax_rate: rate(self.rate, self.tax_class)?,
            rates: self.rates.into_iter().map(priced).collect::<Result<_, Problem>>()?,
        })
    }
}
