//! Promotions, vouchers, tax, shipping, and what a cart comes to.

mod carts;
mod discounts;
mod operations;
mod totals;
mod vouchers;

use shop::id::{CartId, Id, PriceId, ProductId, VariantId};
use shop::money::{Currency, Money};
use shop::pricing::{
    Destination, Policy, PriceCart, PriceCartError, PricedLine, Quote, QuoteRequest, price_cart,
};
use shop::value::{Country, Quantity, Slug};
use uuid::Uuid;

use crate::make::Make;

/// Euro cents.
pub fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR).unwrap()
}

/// The id of this number, of any kind.
pub fn id<I: Id>(number: u128) -> I {
    I::from_uuid(Uuid::from_u128(number))
}

/// Lines of unit price, quantity and tax rate; variant and product are numbered from 1.
pub fn request(tax_included: bool, lines: &[(i64, i64, &str)]) -> QuoteRequest {
    let line = |(number, (unit_price, quantity, rate)): (u128, &(i64, i64, &str))| PricedLine {
        variant: id::<VariantId>(number),
        product: id::<ProductId>(number),
        price_id: id::<PriceId>(number),
        price_min_quantity: Quantity::ONE,
        sku: format!("SKU-{number}"),
        title: format!("Thing {number}"),
        quantity: Quantity::new(*quantity).unwrap(),
        unit_price: eur(*unit_price),
        tax_rate: rate.parse().unwrap(),
    };
    QuoteRequest {
        currency: Currency::EUR,
        tax_included,
        policy: Policy::default(),
        lines: (1..).zip(lines).map(line).collect(),
        promotions: Vec::new(),
        shipping: None,
        cash_increment: None,
    }
}

/// A cart priced for Germany.
pub async fn priced(
    make: &Make,
    cart: CartId,
    shipping_method: Option<&Slug>,
) -> Result<Quote, PriceCartError> {
    let request = PriceCart {
        cart,
        destination: &Destination::country(Country::DE),
        shipping_method,
        payment_is_cash: false,
        policy: Policy::default(),
    };
    let mut connection = make.db.acquire().await.unwrap();
    price_cart(&mut connection, &make.context, request).await
}
