//! What the tests of carts begin with.

use shop::cart;
use shop::catalog::{SetPrice, set_price};
use shop::id::VariantId;
use shop::inventory::Strategy;
use shop::money::{Currency, Money};
use shop::value::Quantity;

use crate::make::{MadeCart, Make};

pub fn eur(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap()
}

pub fn units(quantity: i64) -> Quantity {
    Quantity::new(quantity).unwrap()
}

/// A variant at a price in euros including tax, without inventory.
pub async fn variant(make: &Make, cents: i64) -> VariantId {
    make.variant().untracked().priced(eur(cents)).await
}

/// A new price from now on.
pub async fn price(make: &Make, variant: VariantId, amount: Money, from: i64) {
    let wanted = SetPrice {
        variant,
        price_list: "default".parse().unwrap(),
        min_quantity: units(from),
        amount,
        tax_included: true,
        from: make.context.now(),
        until: None,
    };
    set_price(&make.db, &make.context, wanted).await.unwrap();
}

/// From now on the variant has no price.
pub async fn end_prices(make: &Make, variant: VariantId) {
    sqlx::query("UPDATE price SET valid = tstzrange(lower(valid), $2) WHERE variant_id = $1")
        .bind(variant)
        .bind(make.context.now())
        .execute(&make.db)
        .await
        .unwrap();
}

/// Everything in the cart, as shown.
pub async fn shown(make: &Make, cart: &MadeCart) -> Vec<(VariantId, i32, i64)> {
    let view = cart::view(&make.db, &make.context, cart.id, &cart::Shopper::Shop).await.unwrap();
    view.lines
        .iter()
        .map(|line| (line.variant, line.quantity.get(), line.unit_price.minor()))
        .collect()
}

/// The state of a cart.
pub async fn state(make: &Make, cart: &MadeCart) -> cart::CartState {
    cart::view(&make.db, &make.context, cart.id, &cart::Shopper::Shop).await.unwrap().state
}

/// Begins the checkout of a cart.
pub async fn check_out(make: &Make, cart: &MadeCart) -> cart::Checkout {
    cart::begin_checkout(&make.db, &make.context, &cart.request(), Strategy::MostStock)
        .await
        .unwrap()
}
