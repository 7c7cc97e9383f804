//! The quote of a cart.

use shop::id::{CartId, Id as _};
use shop::pricing::{Destination, Policy, PriceCart, PriceCartError, price_cart};
use shop::value::Country;

use crate::make::Make;

#[proofmark::test]
async fn a_cart_that_does_not_exist_has_no_price(make: Make) {
    let request = PriceCart {
        cart: CartId::from_uuid(uuid::Uuid::nil()),
        destination: &Destination::country(Country::DE),
        shipping_method: None,
        payment_is_cash: false,
        policy: Policy::default(),
    };
    let mut connection = make.db.acquire().await.unwrap();
    let answer = price_cart(&mut connection, &make.context, request).await;
    assert!(matches!(answer, Err(PriceCartError::UnknownCart)), "{answer:?}");
}
