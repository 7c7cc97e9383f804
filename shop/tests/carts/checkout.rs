//! Checkout: what is frozen, what is held, for how long.

use chrono::TimeDelta;
use shop::cart::{self, BeginCheckoutError, CartState, HOLD_LIFE, PRICE_LIFE, PriceChange};
use shop::inventory::Strategy;
use shop::order::{self, PlaceError};

use super::stage::{check_out, end_prices, eur, price, shown, state, variant};
use crate::make::Make;

#[proofmark::test]
async fn an_empty_cart_is_not_checked_out(make: Make) {
    let cart = make.cart().await;
    let refused =
        cart::begin_checkout(&make.db, &make.context, &cart.request(), Strategy::MostStock).await;
    assert!(matches!(refused, Err(BeginCheckoutError::Empty)), "{refused:?}");
    assert_eq!(state(&make, &cart).await, CartState::Active);
}

#[proofmark::test]
async fn a_price_that_was_shown_is_charged_until_it_expires(make: Make) {
    let mug = variant(&make, 1000).await;
    let cart = make.cart().with(mug, 1).await;
    make.clock.advance(PRICE_LIFE - TimeDelta::seconds(1));
    price(&make, mug, eur(1200), 1).await;
    let checkout = check_out(&make, &cart).await;
    assert_eq!(checkout.until, make.context.now() + HOLD_LIFE);
    // Beyond the life of the price, because checkout holds it.
    make.german_tax().await;
    make.clock.advance(HOLD_LIFE - TimeDelta::seconds(1));
    let placed =
        order::place(&make.db, &make.context, &make.placing(cart.request())).await.unwrap();
    assert_eq!(placed.quote.totals.grand_total, eur(1000));
}

#[proofmark::test]
async fn a_price_that_expired_is_told_before_it_changes(make: Make) {
    let (same, dearer, gone) =
        (variant(&make, 100).await, variant(&make, 1000).await, variant(&make, 300).await);
    let cart = make.cart().with(same, 1).with(dearer, 1).with(gone, 1).await;
    make.clock.advance(PRICE_LIFE);
    price(&make, dearer, eur(1200), 1).await;
    end_prices(&make, gone).await;
    let refused =
        cart::begin_checkout(&make.db, &make.context, &cart.request(), Strategy::MostStock).await;
    let Err(BeginCheckoutError::PricesChanged(changes)) = refused else { panic!("{refused:?}") };
    let told = [
        PriceChange { variant: dearer, shown: eur(1000), now: Some(eur(1200)) },
        PriceChange { variant: gone, shown: eur(300), now: None },
    ];
    assert_eq!(changes, told);
    // Nothing was written by that.
    let lines = [(same, 1, 100), (dearer, 1, 1000), (gone, 1, 300)];
    assert_eq!(shown(&make, &cart).await, lines);
    cart::reprice(&make.db, &make.context, &cart.request()).await.unwrap();
    check_out(&make, &cart).await;
    assert_eq!(shown(&make, &cart).await, [(same, 1, 100), (dearer, 1, 1200)]);
}

#[proofmark::test]
async fn prices_that_expired_but_did_not_change_are_kept(make: Make) {
    let mug = variant(&make, 1000).await;
    let cart = make.cart().with(mug, 1).await;
    make.clock.advance(PRICE_LIFE * 3);
    check_out(&make, &cart).await;
    assert_eq!(shown(&make, &cart).await, [(mug, 1, 1000)]);
}

#[proofmark::test]
async fn what_is_held_too_long_is_not_charged(make: Make) {
    let mug = variant(&make, 1000).await;
    let cart = make.cart().with(mug, 1).await;
    make.german_tax().await;
    make.clock.advance(PRICE_LIFE - TimeDelta::seconds(1));
    check_out(&make, &cart).await;
    make.clock.advance(HOLD_LIFE);
    let refused = order::place(&make.db, &make.context, &make.placing(cart.request())).await;
    assert!(matches!(refused, Err(PlaceError::PricesExpired)), "{refused:?}");
    // Back and forth: the same price is shown again, and charged.
    cart::leave_checkout(&make.db, &make.context, &cart.request()).await.unwrap();
    check_out(&make, &cart).await;
    order::place(&make.db, &make.context, &make.placing(cart.request())).await.unwrap();
}

#[proofmark::test]
async fn a_cart_that_left_checkout_changes_again(make: Make) {
    let mug = variant(&make, 1000).await;
    let cart = make.cart().with(mug, 1).await;
    let begun = check_out(&make, &cart).await;
    let version = cart::leave_checkout(&make.db, &make.context, &cart.request()).await.unwrap();
    assert!(version > begun.version);
    cart::remove_line(&make.db, &make.context, &cart.request(), mug).await.unwrap();
    assert_eq!(state(&make, &cart).await, CartState::Active);
}
