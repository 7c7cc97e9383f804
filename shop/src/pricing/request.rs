//! What a quote is made of.

use std::str::FromStr;

use super::promotion::Promotion;
use crate::id::{PriceId, ProductId, ShippingRateId, VariantId};
use crate::money::{Currency, Money, Rounding, TaxRate, UnknownRounding};
use crate::value::{Country, Quantity, Slug};

/// Everything that decides what a cart costs. Two equal requests give equal quotes.
#[derive(Debug, Clone, PartialEq)]
pub struct QuoteRequest {
    /// The currency of every amount in here.
    pub currency: Currency,
    /// Whether the prices of the lines include tax.
    pub tax_included: bool,
    /// How tax is rounded and discounts are divided.
    pub policy: Policy,
    /// What is bought, in the order in which left-over cents are given.
    pub lines: Vec<PricedLine>,
    /// Promotions that hold now: all that need no voucher, and those of the vouchers entered.
    pub promotions: Vec<Promotion>,
    /// How it is sent, if that is known.
    pub shipping: Option<ShippingChoice>,
    /// The smallest amount of cash in minor units, if the order is paid in cash.
    pub cash_increment: Option<i64>,
}

/// One variant at one price.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedLine {
    /// What is bought.
    pub variant: VariantId,
    /// Whose variant it is; promotions name products.
    pub product: ProductId,
    /// The price of the list.
    pub price_id: PriceId,
    /// From which quantity on the price holds.
    pub price_min_quantity: Quantity,
    /// The variant's SKU.
    pub sku: String,
    /// The title that the order keeps.
    pub title: String,
    /// How many.
    pub quantity: Quantity,
    /// The price of one.
    pub unit_price: Money,
    /// The rate at the destination.
    pub tax_rate: TaxRate,
}

/// How tax is rounded and how discounts are divided. An order keeps the first two, so that a refund
/// computes the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// At which level tax is rounded.
    pub tax_rounding: TaxRounding,
    /// How fractions are rounded.
    pub rounding: Rounding,
    /// In which proportion a discount on several lines is divided.
    pub weights: Weights,
}

/// At which level tax is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TaxRounding {
    /// Once per line.
    #[default]
    Line,
    /// Once per unit; a line's tax is that of its units.
    Unit,
    /// Once per rate for all lines; each line gets its share.
    Total,
}

impl TaxRounding {
    /// Every level.
    pub const ALL: &'static [Self] = &[Self::Line, Self::Unit, Self::Total];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Unit => "unit",
            Self::Total => "total",
        }
    }
}

impl FromStr for TaxRounding {
    type Err = UnknownRounding;

    fn from_str(name: &str) -> Result<Self, UnknownRounding> {
        Self::ALL.iter().copied().find(|level| level.as_str() == name).ok_or(UnknownRounding)
    }
}

crate::value::stored_as_text!(TaxRounding, "TaxRounding", {
    "type": "string", "enum": ["line", "unit", "total"]
});

/// In which proportion a discount on several lines is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Weights {
    /// By what is left of the lines as they are listed: net where prices are net.
    #[default]
    Listed,
    /// By what is left of the lines with tax; differs where prices are net and rates differ.
    WithTax,
}

/// Where an order goes, as far as tax and shipping care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The country.
    pub country: Country,
    /// The subdivision of ISO 3166-2 without the country; none for the whole country.
    pub region: Option<String>,
}

impl Destination {
    /// Anywhere in a country.
    pub const fn country(country: Country) -> Self {
        Self { country, region: None }
    }
}

/// A way of sending, with what it costs.
#[derive(Debug, Clone, PartialEq)]
pub struct ShippingChoice {
    /// Its code.
    pub method: Slug,
    /// The rate at the destination.
    pub tax_rate: TaxRate,
    /// What it costs there, for ranges of subtotals that do not overlap.
    pub rates: Vec<ShippingRate>,
}

/// What a way of sending costs for a range of subtotals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShippingRate {
    /// Which.
    pub id: ShippingRateId,
    /// The smallest subtotal, in minor units.
    pub from: i64,
    /// The subtotal that is too large already; none for no bound.
    pub below: Option<i64>,
    /// What it costs.
    pub amount: Money,
    /// Whether the amount includes tax.
    pub tax_included: bool,
}
