//! The price shown is the price charged, or the customer is told.

use chrono::TimeDelta;
use shop::cart::{self, PRICE_LIFE, PriceChange};
use shop::money::{Currency, Money};

use super::stage::Stage;
use crate::make::Make;

fn eur(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap()
}

#[proofmark::test]
async fn repricing_tells_what_changed_and_drops_what_is_gone(make: Make) {
    let stage = Stage::new(&make).await;
    let (same, dearer, gone) =
        (stage.variant(100).await, stage.variant(200).await, stage.variant(300).await);
    let cart = make.cart().with(same, 1).with(dearer, 2).with(gone, 3).await;
    make.clock.advance(TimeDelta::minutes(5));
    stage.price(dearer, 250, Currency::EUR, 1).await;
    stage.end_prices(gone).await;

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
    let stage = Stage::new(&make).await;
    let (first, second) = (stage.variant(100).await, stage.variant(200).await);
    let cart = make.cart().with(first, 1).await;
    let shown = make.context.now();
    make.clock.advance(TimeDelta::minutes(30));
    stage.price(first, 999, Currency::EUR, 1).await;
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
