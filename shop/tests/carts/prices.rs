//! The price shown is the price charged, or the customer is told.

use chrono::TimeDelta;
use shop::cart::{self, PRICE_LIFE, PriceChange};
use shop::money::{Currency, Money};

use super::stage::{end_prices, eur, price, variant};
use crate::make::Make;

#[proofmark::test]
async fn repricing_tells_what_changed_and_drops_what_is_gone(make: Make) {
    let (same, dearer, gone) =
        (variant(&make, 100).await, variant(&make, 200).await, variant(&make, 300).await);
    let cart = make.cart().with(same, 1).with(dearer, 2).with(gone, 3).await;
    make.clock.advance(TimeDelta::minutes(5));
    price(&make, dearer, Money::new(250, Currency::EUR).unwrap(), 1).await;
    end_prices(&make, gone).await;

    let told = cart::reprice(&make.db, &make.context, &cart.request()).await.unwrap();
    assert_eq!(
        told.changes,
        [
            PriceChange { variant: dearer, shown: eur(200), now: Some(eur(250)) },
            PriceChange { variant: gone, shown: eur(300), now: None },
        ]
    );
    assert_eq!((told.version, told.until), (4, make.context.now() + PRICE_LIFE));
    let view = cart::view(&make.db, &make.context, cart.id, &cart.request().shopper).await.unwrap();
    let lines: Vec<_> = view.lines.iter().map(|line| (line.variant, line.unit_price)).collect();
    assert_eq!(lines, [(same, eur(100)), (dearer, eur(250))]);
    assert_eq!(view.prices_expire_at, Some(told.until));
    assert_eq!(view.version, told.version);

    let again = cart::reprice(&make.db, &make.context, &cart.request()).await.unwrap();
    assert_eq!(again.changes, []);
}

#[proofmark::test]
async fn a_price_that_was_shown_stays_while_others_are_added(make: Make) {
    let (first, second) = (variant(&make, 100).await, variant(&make, 200).await);
    let cart = make.cart().with(first, 1).await;
    let shown = make.context.now();
    make.clock.advance(TimeDelta::minutes(30));
    price(&make, first, Money::new(999, Currency::EUR).unwrap(), 1).await;
    cart::add_line(&make.db, &make.context, &cart.request(), second, shop::value::Quantity::ONE)
        .await
        .unwrap();
    let view = cart::view(&make.db, &make.context, cart.id, &cart.request().shopper).await.unwrap();
    assert_eq!(view.lines[0].unit_price, eur(100));
    // The earliest price decides when they expire.
    assert_eq!(view.prices_expire_at, Some(shown + PRICE_LIFE));
}

#[proofmark::test]
async fn an_empty_cart_has_nothing_to_reprice(make: Make) {
    let cart = make.cart().await;
    let told = cart::reprice(&make.db, &make.context, &cart.request()).await.unwrap();
    assert_eq!(told.changes, []);
}
