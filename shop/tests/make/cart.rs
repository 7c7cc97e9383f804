//! Carts, made by the operations of the cart.

use std::future::IntoFuture;

use shop::cart::{self, CartRequest, SessionToken, Shopper};
use shop::id::{CartId, CustomerId, VariantId};
use shop::money::Currency;
use shop::value::Quantity;

use super::{Built, Make};

impl Make {
    /// A cart of a guest, in euros with tax included, with no lines.
    pub fn cart(&self) -> CartBuilder {
        CartBuilder {
            make: self.clone(),
            customer: None,
            currency: Currency::EUR,
            tax_included: true,
            price_list: "default",
            lines: Vec::new(),
        }
    }
}

/// A cart that is about to be made.
#[derive(Debug)]
#[must_use]
pub struct CartBuilder {
    make: Make,
    customer: Option<CustomerId>,
    currency: Currency,
    tax_included: bool,
    price_list: &'static str,
    lines: Vec<(VariantId, i64)>,
}

/// A cart that was made.
#[derive(Debug, Clone)]
pub struct MadeCart {
    /// Which.
    pub id: CartId,
    /// The token of its first session.
    pub session: SessionToken,
    /// Whose; none for a guest's.
    pub customer: Option<CustomerId>,
}

impl MadeCart {
    /// What its owner asks with.
    pub fn request(&self) -> CartRequest {
        let shopper = match self.customer {
            Some(customer) => Shopper::Customer(customer),
            None => Shopper::Session(self.session.clone()),
        };
        CartRequest { cart: self.id, shopper, version: None }
    }
}

impl CartBuilder {
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

    /// With prices that tax is added to.
    pub fn without_tax(mut self) -> Self {
        self.tax_included = false;
        self
    }

    /// With prices of another list.
    pub fn on_list(mut self, price_list: &'static str) -> Self {
        self.price_list = price_list;
        self
    }

    /// With so many of a variant.
    pub fn with(mut self, variant: VariantId, quantity: i64) -> Self {
        self.lines.push((variant, quantity));
        self
    }

    async fn build(self) -> MadeCart {
        let Self { make, customer, currency, tax_included, price_list, lines } = self;
        let price_list = price_list.parse().unwrap();
        let wanted = cart::Create { customer, currency, tax_included, price_list };
        let made = cart::create(&make.db, &make.context, wanted).await.unwrap();
        let cart = MadeCart { id: made.cart, session: made.session, customer };
        for (variant, quantity) in lines {
            let quantity = Quantity::new(quantity).unwrap();
            cart::add_line(&make.db, &make.context, &cart.request(), variant, quantity)
                .await
                .unwrap();
        }
        cart
    }
}

impl IntoFuture for CartBuilder {
    type Output = MadeCart;
    type IntoFuture = Built<MadeCart>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.build())
    }
}
