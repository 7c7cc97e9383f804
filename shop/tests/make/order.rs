//! Orders, placed from carts by the operations of cart and order.

use std::future::IntoFuture;

use shop::cart::{self, CartRequest};
use shop::catalog::{SetTaxRule, SetTaxRuleError, TaxRate, set_tax_rule};
use shop::id::{CartId, CustomerId, OrderId, OrderLineId, PaymentId, VariantId};
use shop::inventory::Strategy;
use shop::money::{Currency, Money};
use shop::order::{self, OrderState, Place, Placed, Shipment, Wanted};
use shop::payment::provider::fake::FakeProvider;
use shop::payment::{CaptureMode, Outcome, purchase};
use shop::pricing::{Destination, Policy};
use shop::value::Country;

use super::payment::token;
use super::{Built, Make};

/// An order that is about to be placed.
#[derive(Debug, Clone)]
#[must_use]
pub struct OrderBuilder {
    make: Make,
    customer: Option<CustomerId>,
    currency: Currency,
    lines: Vec<(VariantId, i64)>,
    fresh: u32,
    quantity: i64,
    untracked: bool,
    price: i64,
    tax_included: bool,
    paid: bool,
    shipped: bool,
}

/// An order that was placed.
#[derive(Debug, Clone)]
pub struct MadeOrder {
    /// Which.
    pub id: OrderId,
    /// The cart it was.
    pub cart: CartId,
    /// Who bought; none for a guest.
    pub customer: Option<CustomerId>,
    /// Its lines, in the order of their variants in the cart.
    pub lines: Vec<OrderLineId>,
    /// What they are of.
    pub variants: Vec<VariantId>,
    /// What is to be paid.
    pub total: Money,
    /// What paid for it, and the provider that knows of it.
    pub payment: Option<(PaymentId, FakeProvider)>,
}

/// Pays an order by card at once.
async fn pay(make: &Make, order: OrderId, total: Money) -> (PaymentId, FakeProvider) {
    let fake = make.fake();
    let payment = make.payment().for_order(order).of(total).captured(CaptureMode::Automatic).await;
    let paid = purchase(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(paid.outcome, Outcome::Succeeded);
    (payment, fake)
}

/// Packs and sends all that an order has open.
async fn ship_everything(make: &Make, order: OrderId) {
    let (db, context) = (&make.db, &make.context);
    let mut state = OrderState::Confirmed;
    for parcel in order::fulfil(db, context, order, &Wanted::Everything).await.unwrap() {
        let shipment = Shipment::default();
        state = order::ship(db, context, parcel.fulfilment, &shipment).await.unwrap();
    }
    assert_eq!(state, OrderState::Fulfilled);
}

impl Make {
    /// An order of a guest in Germany, in euros, of one line of two units at 10.00 each, without
    /// shipping.
    pub fn order(&self) -> OrderBuilder {
        OrderBuilder {
            make: self.clone(),
            customer: None,
            currency: Currency::EUR,
            lines: Vec::new(),
            fresh: 1,
            quantity: 2,
            untracked: false,
            price: 1000,
            tax_included: true,
            paid: false,
            shipped: false,
        }
    }

    /// The same, paid by card at once through a fake provider, and so confirmed.
    pub fn paid_order(&self) -> OrderBuilder {
        OrderBuilder { paid: true, ..self.order() }
    }

    /// The same, and everything of it has left.
    pub fn shipped_order(&self) -> OrderBuilder {
        OrderBuilder { shipped: true, ..self.paid_order() }
    }

    /// Has everything of the standard class taxed at 19 % in Germany, if it is not yet.
    pub async fn german_tax(&self) {
        let rule = SetTaxRule {
            tax_class: "standard".parse().unwrap(),
            country: Country::DE,
            region: None,
            rate: TaxRate::from_percent(19).unwrap(),
            from: self.context.now(),
        };
        match set_tax_rule(&self.db, &self.context, rule).await {
            Ok(_) | Err(SetTaxRuleError::Overlaps) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// What a guest in Germany asks for, who pays by card and has nothing sent.
    pub fn placing(&self, cart: CartRequest) -> Place {
        Place {
            cart,
            email: Some("guest@example.org".parse().unwrap()),
            destination: Destination::country(Country::DE),
            shipping_address: Some(self.postal_address(Country::DE)),
            billing_address: None,
            shipping_method: None,
            payment_is_cash: false,
            expected_total: None,
            policy: Policy::default(),
        }
    }
}

impl OrderBuilder {
    /// Of a customer.
    pub fn of(mut self, customer: CustomerId) -> Self {
        self.customer = Some(customer);
        self
    }

    /// In another currency.
    pub fn in_currency(mut self, currency: Currency) -> Self {
        self.currency = currency;
        self
    }

    /// With so many lines, each of a variant of its own, at 1000, 2000, 3000... minor units.
    pub fn with_lines(mut self, lines: u32) -> Self {
        self.fresh = lines;
        self
    }

    /// With so many units in each of those lines.
    pub fn of_quantity(mut self, quantity: i64) -> Self {
        self.quantity = quantity;
        self
    }

    /// Of variants whose inventory is not tracked; they are sent from the location `main`.
    pub fn untracked(mut self) -> Self {
        self.untracked = true;
        self
    }

    /// With these minor units as the price of the first of those lines.
    pub fn priced(mut self, minor: i64) -> Self {
        self.price = minor;
        self
    }

    /// With prices that tax is added to.
    pub fn without_tax(mut self) -> Self {
        self.tax_included = false;
        self
    }

    /// With so many of a variant that is there, instead.
    pub fn with(mut self, variant: VariantId, quantity: i64) -> Self {
        self.fresh = 0;
        self.lines.push((variant, quantity));
        self
    }

    async fn build(self) -> MadeOrder {
        let Self {
            make,
            customer,
            currency,
            mut lines,
            fresh,
            quantity,
            untracked,
            price,
            tax_included,
            paid,
            shipped,
        } = self;
        make.german_tax().await;
        make.main_location().await;
        for number in 1..=fresh {
            let amount = Money::new(i64::from(number) * price, currency).unwrap();
            let variant = make.variant();
            let variant =
                if untracked { variant.untracked() } else { variant.in_stock(quantity + 10) };
            let variant = if tax_included {
                variant.priced(amount).await
            } else {
                variant.priced_without_tax(amount).await
            };
            lines.push((variant, quantity));
        }
        let mut cart = make.cart().in_currency(currency);
        if let Some(customer) = customer {
            cart = cart.of(customer);
        }
        if !tax_included {
            cart = cart.without_tax();
        }
        for &(variant, quantity) in &lines {
            cart = cart.with(variant, quantity);
        }
        let cart = cart.await;
        let (db, context, request) = (&make.db, &make.context, cart.request());
        cart::begin_checkout(db, context, &request, Strategy::MostStock).await.unwrap();
        let Placed { order, lines, quote, .. } =
            order::place(db, context, &make.placing(request)).await.unwrap();
        let variants = quote.lines.iter().map(|line| line.variant).collect();
        let total = quote.totals.grand_total;
        let payment = if paid { Some(pay(&make, order, total).await) } else { None };
        if shipped {
            ship_everything(&make, order).await;
        }
        MadeOrder { id: order, cart: cart.id, customer, lines, variants, total, payment }
    }
}

impl IntoFuture for OrderBuilder {
    type Output = MadeOrder;
    type IntoFuture = Built<MadeOrder>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.build())
    }
}
