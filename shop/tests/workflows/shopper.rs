//! Somebody who buys: browse → take → check out.

use shop::cart::{self, CartRequest, LoggedIn, SessionToken};
use shop::catalog::{self, Listing, ListingQuery};
use shop::id::{CustomerId, VariantId};
use shop::inventory::Strategy;
use shop::money::{Currency, Money};
use shop::order::{self, OrderState, Place, Placed};
use shop::pricing::{PriceCart, price_cart};

use super::{Purchase, Workflow};

/// Somebody who buys.
#[derive(Debug, Clone)]
pub struct Shopper {
    flow: Workflow,
    customer: Option<CustomerId>,
    currency: Currency,
    tax_included: bool,
    cart: Option<(CartRequest, SessionToken)>,
}

impl Shopper {
    pub fn new(flow: &Workflow, customer: Option<CustomerId>) -> Self {
        let (flow, currency) = (flow.clone(), Currency::EUR);
        Self { flow, customer, currency, tax_included: true, cart: None }
    }

    /// Who pays in another currency.
    pub fn in_currency(self, currency: Currency) -> Self {
        Self { currency, ..self }
    }

    /// Who sees prices without tax.
    pub fn without_tax(self) -> Self {
        Self { tax_included: false, ..self }
    }

    /// The account.
    pub fn customer(&self) -> Option<CustomerId> {
        self.customer
    }

    /// Finds a variant on sale.
    pub async fn browse(&self, variant: VariantId) -> Listing {
        let make = &self.flow.make;
        let query = ListingQuery {
            currency: self.currency,
            price_list: "default".parse().unwrap(),
            tax_included: self.tax_included,
            at: make.context.now(),
            after: None,
            limit: 100,
        };
        let mut connection = make.db.acquire().await.unwrap();
        let listed = catalog::browse(&mut connection, &query).await.unwrap();
        listed.into_iter().find(|listing| listing.variant == variant).expect("it is on sale")
    }

    /// Puts units into the cart at the price that is shown.
    pub async fn take(&mut self, variant: VariantId, quantity: i64) {
        let shown = self.browse(variant).await.amount;
        if self.cart.is_none() {
            let made = self.flow.make.cart().in_currency(self.currency);
            let made = match self.customer {
                Some(customer) => made.of(customer),
                None => made,
            };
            let made = if self.tax_included { made.await } else { made.without_tax().await };
            self.cart = Some((made.request(), made.session));
        }
        let units = shop::value::Quantity::new(quantity).unwrap();
        let make = &self.flow.make;
        cart::add_line(&make.db, &make.context, self.cart(), variant, units).await.unwrap();
        let view = cart::view(&make.db, &make.context, self.cart().cart, &self.cart().shopper);
        let line = view.await.unwrap().lines.into_iter().find(|line| line.variant == variant);
        assert_eq!(line.unwrap().unit_price, shown, "the price shown is the price in the cart");
    }

    /// The cart.
    pub fn cart(&self) -> &CartRequest {
        &self.cart.as_ref().expect("something was taken").0
    }

    /// The first variant in the cart.
    pub async fn variant(&self) -> VariantId {
        let make = &self.flow.make;
        let (cart, shopper) = (self.cart().cart, &self.cart().shopper);
        cart::view(&make.db, &make.context, cart, shopper).await.unwrap().lines[0].variant
    }

    /// Enters the code of a voucher.
    pub async fn enter(&self, code: &str) {
        let make = &self.flow.make;
        cart::enter_voucher(&make.db, &make.context, self.cart(), code).await.unwrap();
    }

    /// Logs in; the guest's cart becomes the customer's, or part of the one that they have.
    pub async fn log_in(mut self, customer: CustomerId) -> (Self, LoggedIn) {
        let make = &self.flow.make;
        let (_, session) = self.cart.as_ref().unwrap();
        let login = cart::log_in(&make.db, &make.context, customer, session).await.unwrap();
        let shopper = cart::Shopper::Customer(customer);
        let request = CartRequest { cart: login.cart, shopper, version: None };
        self.cart = Some((request, login.session.clone()));
        self.customer = Some(customer);
        (self, login)
    }

    /// Goes to checkout: stock and prices are held.
    pub async fn begin_checkout(&self) {
        let make = &self.flow.make;
        cart::begin_checkout(&make.db, &make.context, self.cart(), Strategy::MostStock)
            .await
            .unwrap();
    }

    /// What is asked to be placed, at the total that is shown.
    pub async fn placing(&self, change: impl FnOnce(Place) -> Place) -> Place {
        let make = &self.flow.make;
        let mut place = change(make.placing(self.cart().clone()));
        let wanted = PriceCart {
            cart: self.cart().cart,
            destination: &place.destination,
            shipping_method: place.shipping_method.as_ref(),
            payment_is_cash: place.payment_is_cash,
            policy: place.policy,
        };
        let mut connection = make.db.acquire().await.unwrap();
        let quote = price_cart(&mut connection, &make.context, wanted).await.unwrap();
        place.expected_total = Some(quote.totals.grand_total);
        place
    }

    /// Checks out and orders at the total that is shown.
    pub async fn check_out(self) -> Purchase {
        self.check_out_with(|place| place).await
    }

    /// The same, sent or paid in another way.
    pub async fn check_out_with(self, change: impl FnOnce(Place) -> Place) -> Purchase {
        self.begin_checkout().await;
        let place = self.placing(change).await;
        let make = &self.flow.make;
        let placed = order::place(&make.db, &make.context, &place).await.unwrap();
        self.bought(placed)
    }

    /// What was bought.
    pub fn bought(self, placed: Placed) -> Purchase {
        let Placed { order, state, quote, lines, .. } = placed;
        let total: Money = quote.totals.grand_total;
        let expected = if total.is_zero() { OrderState::Confirmed } else { OrderState::Placed };
        assert_eq!(state, expected);
        Purchase { flow: self.flow, customer: self.customer, id: order, lines, quote, total }
    }
}
