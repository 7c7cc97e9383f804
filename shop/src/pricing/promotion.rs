//! Promotions: rules that lower what a cart costs.

use crate::id::{ProductId, PromotionId, VoucherId};
use crate::money::Money;
use crate::value::{Label, Quantity, Slug};

/// A rule that lowers what a cart costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Promotion {
    /// Which.
    pub id: PromotionId,
    /// What the customer reads beside the discount.
    pub label: Label,
    /// What it does.
    pub rule: Rule,
    /// Lower is applied first; among equals the older one.
    pub priority: i32,
    /// At most one promotion of a group applies to a cart, the first that takes something off.
    pub stacking_group: Option<Slug>,
    /// The voucher that unlocks it, if it needs one.
    pub voucher: Option<VoucherId>,
    /// From which subtotal of the cart on it applies, before any discount.
    pub min_subtotal: Money,
    /// Which products it is about; none means all.
    pub products: Vec<(ProductId, Role)>,
}

impl Promotion {
    /// Whether it is about a product at all.
    pub fn is_about(&self, product: ProductId) -> bool {
        self.products.is_empty() || self.products.iter().any(|(about, _)| *about == product)
    }

    /// Whether a product can be bought for it, or given by it. A side that names no product is
    /// that of all products.
    pub(super) fn plays(&self, side: Role, product: ProductId) -> bool {
        let mut named =
            self.products.iter().filter(|(_, role)| *role == side || *role == Role::Any);
        match named.next() {
            None => true,
            Some((first, _)) => *first == product || named.any(|(about, _)| *about == product),
        }
    }
}

/// What a promotion does. Each takes off what the ones before it have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A part of the price of each matching line.
    Percentage(BasisPoints),
    /// An amount off all matching lines together, at most what they cost.
    Amount(Money),
    /// For every `buy` units that are paid, `get` units are `off`: the cheapest, in complete sets.
    BuyXGetY {
        /// How many must be bought.
        buy: Quantity,
        /// How many are given for them.
        get: Quantity,
        /// What is taken off the units that are given.
        off: BasisPoints,
    },
    /// Everything off the shipping.
    FreeShipping,
}

/// What a product is to a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It must be bought.
    Buy,
    /// It is given.
    Get,
    /// Both, and for the other kinds of promotions simply: it is lowered.
    Any,
}

impl Role {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Get => "get",
            Self::Any => "any",
        }
    }
}

/// A number that is no part of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a percentage is more than nothing and at most 100")]
pub struct BasisPointsError;

/// Hundredths of a percent, from 1 to 10000, which is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BasisPoints(i32);

impl BasisPoints {
    /// All of it.
    pub const WHOLE: Self = Self(10_000);

    /// So many hundredths of a percent.
    ///
    /// # Errors
    /// Less than one or more than 10000.
    pub fn new(points: i64) -> Result<Self, BasisPointsError> {
        match i32::try_from(points) {
            Ok(points @ 1..=10_000) => Ok(Self(points)),
            _ => Err(BasisPointsError),
        }
    }

    /// The number.
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// Why a voucher takes nothing off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VoucherRefusal {
    /// There is none of this code, or it was withdrawn.
    #[error("there is no such voucher")]
    Unknown,
    /// Its time, or that of its promotion, is yet to come.
    #[error("the voucher is not valid yet")]
    NotYetValid,
    /// Its time, or that of its promotion, is over.
    #[error("the voucher has expired")]
    Expired,
    /// It was used as often as it may be.
    #[error("the voucher has been used up")]
    UsedUp,
    /// This customer has used it as often as one may.
    #[error("the customer has used the voucher as often as one may")]
    UsedUpByCustomer,
    /// It is limited per customer, and nobody is signed in.
    #[error("the voucher is for customers with an account")]
    NeedsCustomer,
    /// It takes nothing off in this currency.
    #[error("the voucher is not for this currency")]
    OtherCurrency,
    /// The cart is too small for it.
    #[error("the voucher is for carts of at least {minimum}")]
    BelowMinimum {
        /// What the cart must come to.
        minimum: Money,
    },
    /// Another promotion that it does not go together with came first.
    #[error("the voucher does not go together with another discount")]
    Excluded,
    /// There is nothing that it lowers.
    #[error("the voucher lowers nothing in the cart")]
    NoEffect,
}
