//! Promotions, vouchers, and ways of sending, made by the operations of pricing.

use std::future::IntoFuture;

use chrono::{DateTime, Utc};
use shop::catalog::{SetTaxRule, TaxRate, set_tax_rule};
use shop::id::{ProductId, PromotionId, ShippingRateId, VoucherId};
use shop::money::{Currency, Money};
use shop::pricing::{
    AddShippingMethodError, BasisPoints, CreatePromotion, CreateVoucher, Offer, Role,
    SetShippingRate, VoucherLimits, add_shipping_method, create_promotion, create_voucher,
    set_shipping_rate,
};
use shop::value::{Country, Quantity, Slug};

use super::{Built, Make};

impl Make {
    /// Ten percent off everything, for everyone, from now on.
    pub fn promotion(&self) -> PromotionBuilder {
        PromotionBuilder {
            make: self.clone(),
            request: CreatePromotion {
                name: "Ten percent off".parse().unwrap(),
                offer: Offer::Percentage(BasisPoints::new(1000).unwrap()),
                minimums: Vec::new(),
                products: Vec::new(),
                priority: 0,
                stacking_group: None,
                needs_voucher: false,
                from: self.context.now(),
                until: None,
            },
        }
    }

    /// A voucher without limits for ten percent off everything.
    pub fn voucher(&self) -> VoucherBuilder {
        VoucherBuilder {
            promotion: self.promotion().needing_a_voucher(),
            of: None,
            code: None,
            limits: VoucherLimits::default(),
            from: self.context.now(),
            until: None,
        }
    }

    /// Sending by post to Germany for 4.90 EUR with tax, whatever the subtotal.
    pub fn shipping_rate(&self) -> ShippingRateBuilder {
        ShippingRateBuilder {
            make: self.clone(),
            tax_class: "standard",
            request: SetShippingRate {
                method: "post".parse().unwrap(),
                country: Country::DE,
                subtotal_from: 0,
                subtotal_below: None,
                amount: Money::new(490, Currency::EUR).unwrap(),
                tax_included: true,
                from: self.context.now(),
                until: None,
            },
        }
    }

    /// So many percent of tax on a class in a country from now on.
    pub async fn tax(&self, class: &str, country: Country, percent: u16) {
        let request = SetTaxRule {
            tax_class: class.parse().unwrap(),
            country,
            region: None,
            rate: TaxRate::from_percent(percent).unwrap(),
            from: self.context.now(),
        };
        set_tax_rule(&self.db, &self.context, request).await.unwrap();
    }
}

/// A promotion that is about to be made.
#[derive(Debug, Clone)]
#[must_use]
pub struct PromotionBuilder {
    make: Make,
    request: CreatePromotion,
}

impl PromotionBuilder {
    /// So many hundredths of a percent.
    pub fn percentage(mut self, basis_points: i64) -> Self {
        self.request.offer = Offer::Percentage(BasisPoints::new(basis_points).unwrap());
        self
    }

    /// An amount per currency.
    pub fn amounts(mut self, amounts: &[Money]) -> Self {
        self.request.offer = Offer::Amount(amounts.to_vec());
        self
    }

    /// So many given for so many bought.
    pub fn buy_get(mut self, buy: i64, get: i64) -> Self {
        self.request.offer = Offer::BuyXGetY {
            buy: Quantity::new(buy).unwrap(),
            get: Quantity::new(get).unwrap(),
            off: BasisPoints::WHOLE,
        };
        self
    }

    /// Everything off the shipping.
    pub fn free_shipping(mut self) -> Self {
        self.request.offer = Offer::FreeShipping;
        self
    }

    /// About a product; more than one may be named.
    pub fn about(mut self, product: ProductId, role: Role) -> Self {
        self.request.products.push((product, role));
        self
    }

    /// From this subtotal on; in this currency only, unless another minimum is given.
    pub fn at_least(mut self, minimum: Money) -> Self {
        self.request.minimums.push(minimum);
        self
    }

    /// Lower is applied first.
    pub fn priority(mut self, priority: i32) -> Self {
        self.request.priority = priority;
        self
    }

    /// At most one of the group applies.
    pub fn in_group(mut self, group: &str) -> Self {
        self.request.stacking_group = Some(group.parse().unwrap());
        self
    }

    /// Only with a voucher.
    pub fn needing_a_voucher(mut self) -> Self {
        self.request.needs_voucher = true;
        self
    }

    /// Valid during this time.
    pub fn valid(mut self, from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Self {
        (self.request.from, self.request.until) = (from, until);
        self
    }
}

impl IntoFuture for PromotionBuilder {
    type Output = PromotionId;
    type IntoFuture = Built<PromotionId>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            create_promotion(&self.make.db, &self.make.context, self.request).await.unwrap()
        })
    }
}

/// A voucher that is about to be made.
#[derive(Debug, Clone)]
#[must_use]
pub struct VoucherBuilder {
    promotion: PromotionBuilder,
    of: Option<PromotionId>,
    code: Option<String>,
    limits: VoucherLimits,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

/// A voucher that was made.
#[derive(Debug, Clone)]
pub struct MadeVoucher {
    /// Which.
    pub id: VoucherId,
    /// What it unlocks.
    pub promotion: PromotionId,
    /// What a customer enters.
    pub code: String,
}

impl VoucherBuilder {
    /// For a promotion that exists.
    pub fn of(mut self, promotion: PromotionId) -> Self {
        self.of = Some(promotion);
        self
    }

    /// For a promotion of its own, changed like this.
    pub fn unlocking(mut self, change: impl FnOnce(PromotionBuilder) -> PromotionBuilder) -> Self {
        self.promotion = change(self.promotion);
        self
    }

    /// With this code.
    pub fn code(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    /// So often by all customers together.
    pub fn limited_to(mut self, uses: i32) -> Self {
        self.limits.total = Some(uses);
        self
    }

    /// So often by each customer.
    pub fn per_customer(mut self, uses: i32) -> Self {
        self.limits.per_customer = Some(uses);
        self
    }

    /// Valid during this time.
    pub fn valid(mut self, from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Self {
        (self.from, self.until) = (from, until);
        self
    }
}

impl IntoFuture for VoucherBuilder {
    type Output = MadeVoucher;
    type IntoFuture = Built<MadeVoucher>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let make = self.promotion.make.clone();
            let promotion = match self.of {
                Some(promotion) => promotion,
                None => self.promotion.await,
            };
            let code = self.code.unwrap_or_else(|| make.name("WELCOME"));
            let request = CreateVoucher {
                promotion,
                code: code.parse().unwrap(),
                limits: self.limits,
                from: self.from,
                until: self.until,
            };
            let id = create_voucher(&make.db, &make.context, request).await.unwrap();
            MadeVoucher { id, promotion, code }
        })
    }
}

/// A rate that is about to be made.
#[derive(Debug, Clone)]
#[must_use]
pub struct ShippingRateBuilder {
    make: Make,
    tax_class: &'static str,
    request: SetShippingRate,
}

/// A rate that was made.
#[derive(Debug, Clone)]
pub struct MadeShippingRate {
    /// Which.
    pub id: ShippingRateId,
    /// Of which way of sending.
    pub method: Slug,
}

impl ShippingRateBuilder {
    /// Of this way of sending, which is added if there is none of this code.
    pub fn by(mut self, method: &str) -> Self {
        self.request.method = method.parse().unwrap();
        self
    }

    /// The way of sending is taxed as this class, if it is added.
    pub fn taxed(mut self, class: &'static str) -> Self {
        self.tax_class = class;
        self
    }

    /// To this country.
    pub fn to(mut self, country: Country) -> Self {
        self.request.country = country;
        self
    }

    /// At this price.
    pub fn costing(mut self, amount: Money) -> Self {
        self.request.amount = amount;
        self
    }

    /// The price does not include tax.
    pub fn without_tax(mut self) -> Self {
        self.request.tax_included = false;
        self
    }

    /// For these subtotals.
    pub fn for_subtotals(mut self, from: i64, below: Option<i64>) -> Self {
        (self.request.subtotal_from, self.request.subtotal_below) = (from, below);
        self
    }
}

impl IntoFuture for ShippingRateBuilder {
    type Output = MadeShippingRate;
    type IntoFuture = Built<MadeShippingRate>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { make, tax_class, request } = self;
            let method = request.method.clone();
            let name = "Post".parse().unwrap();
            let class = tax_class.parse().unwrap();
            match add_shipping_method(&make.db, &method, &name, &class).await {
                Ok(()) | Err(AddShippingMethodError::CodeTaken) => {}
                Err(error) => panic!("no way of sending: {error}"),
            }
            let id = set_shipping_rate(&make.db, &make.context, request).await.unwrap();
            MadeShippingRate { id, method }
        })
    }
}
