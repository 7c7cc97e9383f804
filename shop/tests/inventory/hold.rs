//! Holding stock for carts.

use chrono::Duration;
use shop::catalog::delete_variant;
use shop::id::{CartId, VariantId};
use shop::inventory::{HoldError, HoldLine, ReservationState, Strategy, hold};
use shop::money::{Currency, Money};
use shop::value::Country;

use super::stage::{
    cart_with, events_read_back, held, hold_with, level, line, priced, states, until,
};
use crate::make::Make;

/// Whether an error is the one that is expected.
type Expected = fn(&HoldError) -> bool;

#[proofmark::test]
async fn a_hold_takes_from_the_level_and_tells_it(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let (cart, reservations) = held(&make, variant, 3).await;
    assert_eq!(reservations.len(), 1);
    assert_eq!(reservations[0].expires_at, until(&make));
    assert_eq!(level(&make, main, variant).await, (10, 3, 0));
    assert_eq!(states(&make, cart).await, [ReservationState::Active]);
    assert_eq!(events_read_back(&make).await, ["reservation.held"]);
}

#[proofmark::test]
async fn all_lines_are_held_or_none(make: Make) {
    let main = make.main_location().await;
    let (plenty, scarce) = (priced(&make).await, priced(&make).await);
    make.receive(main, plenty, 10).await;
    make.receive(main, scarce, 1).await;
    let cart = make.cart().with(plenty, 2).with(scarce, 2).await.id;
    let lines = [line(plenty, 2), line(scarce, 2)];
    let error = hold_with(&make, cart, &lines, Strategy::Split).await.unwrap_err();
    match error {
        HoldError::OutOfStock { variant, wanted, available } => {
            assert_eq!((variant, wanted.get(), available), (scarce, 2, 1));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(level(&make, main, plenty).await, (10, 0, 0));
    assert_eq!(states(&make, cart).await, []);
    let lines = [line(plenty, 2), line(scarce, 1)];
    assert_eq!(hold_with(&make, cart, &lines, Strategy::MostStock).await.unwrap().len(), 2);
}

#[proofmark::test]
async fn a_split_holds_at_several_locations(make: Make) {
    let variant = priced(&make).await;
    let (berlin, paris) = (make.location().await, make.location().located_in(Country::FR).await);
    make.receive(berlin, variant, 4).await;
    make.receive(paris, variant, 6).await;
    let cart = cart_with(&make, variant, 9).await;
    for strategy in [Strategy::MostStock, Strategy::Nearest { country: Country::FR }] {
        let refused = hold_with(&make, cart, &[line(variant, 9)], strategy).await;
        assert!(matches!(refused, Err(HoldError::OutOfStock { available: 10, .. })), "{refused:?}");
    }
    hold_with(&make, cart, &[line(variant, 9)], Strategy::Split).await.unwrap();
    assert_eq!(level(&make, berlin, variant).await, (4, 3, 0));
    assert_eq!(level(&make, paris, variant).await, (6, 6, 0));
}

#[proofmark::test]
async fn what_is_not_counted_needs_no_hold(make: Make) {
    let variant = make.variant().untracked().priced(Money::new(100, Currency::EUR).unwrap()).await;
    let cart = cart_with(&make, variant, 5).await;
    let held = hold_with(&make, cart, &[line(variant, 5)], Strategy::Split).await.unwrap();
    assert_eq!(held, []);
}

#[proofmark::test]
async fn a_hold_that_cannot_be_is_refused_by_its_reason(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let stranger = priced(&make).await;
    make.receive(main, stranger, 10).await;
    let gone = make.variant().in_stock(1).await;
    delete_variant(&make.db, &make.context, gone).await.unwrap();
    let cart = cart_with(&make, variant, 2).await;
    let (taken, _) = held(&make, variant, 1).await;

    let not_found: Expected = |error| matches!(error, HoldError::VariantNotFound { .. });
    let not_in_cart: Expected = |error| matches!(error, HoldError::NotInCart);
    let unknown = make.context.id::<VariantId>();
    let cases: [(&str, CartId, Vec<HoldLine>, Expected); 6] = [
        ("unknown", cart, vec![line(unknown, 1)], not_found),
        ("deleted", cart, vec![line(gone, 1)], not_found),
        ("foreign", cart, vec![line(stranger, 1)], not_in_cart),
        ("no cart", make.context.id(), vec![line(variant, 1)], not_in_cart),
        ("twice", cart, vec![line(variant, 1), line(variant, 1)], |error| {
            matches!(error, HoldError::VariantTwice { .. })
        }),
        ("held", taken, vec![line(variant, 1)], |error| matches!(error, HoldError::AlreadyHeld)),
    ];
    for (name, cart, lines, expected) in cases {
        let error = hold_with(&make, cart, &lines, Strategy::Split).await.unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
        assert_eq!(level(&make, main, variant).await, (10, 1, 0), "{name}");
    }
    for before in [Duration::zero(), Duration::seconds(1), Duration::days(36_500)] {
        let mut connection = make.db.acquire().await.unwrap();
        let (lines, past) = ([line(variant, 1)], make.context.now() - before);
        let held = hold(&mut connection, &make.context, cart, &lines, Strategy::Split, past).await;
        assert!(matches!(held, Err(HoldError::UntilPast)), "{before}: {held:?}");
    }
}

#[proofmark::test]
async fn many_carts_at_once_never_hold_more_than_there_is(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 7).await;
    let mut carts = Vec::new();
    for _ in 0..12 {
        carts.push(cart_with(&make, variant, 1).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for cart in carts {
        let make = make.clone();
        tasks.spawn(async move {
            hold_with(&make, cart, &[line(variant, 1)], Strategy::MostStock).await
        });
    }
    let results = tasks.join_all().await;
    let (held, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(held.len(), 7);
    for error in refused {
        assert!(matches!(error, Err(HoldError::OutOfStock { available: 0, .. })), "{error:?}");
    }
    assert_eq!(level(&make, main, variant).await, (7, 7, 0));
}

#[proofmark::test]
async fn carts_that_want_the_same_in_another_order_never_deadlock(make: Make) {
    let main = make.main_location().await;
    let (one, other) = (priced(&make).await, priced(&make).await);
    make.receive(main, one, 100).await;
    make.receive(main, other, 100).await;
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..10 {
        let cart = make.cart().with(one, 1).with(other, 1).await.id;
        let mut lines = vec![line(one, 1), line(other, 1)];
        if turn % 2 == 0 {
            lines.reverse();
        }
        let make = make.clone();
        tasks.spawn(async move { hold_with(&make, cart, &lines, Strategy::Split).await });
    }
    for held in tasks.join_all().await {
        assert!(held.is_ok(), "{held:?}"); // No retry here: a deadlock would be an error.
    }
}
