//! A cart in checkout becomes an order.

use shop::cart;
use shop::inventory::Strategy;
use shop::money::{Currency, Money};
use shop::order::{self, OrderState, PlaceError};

use crate::make::Make;

fn eur(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap()
}

#[proofmark::test]
async fn an_order_keeps_what_was_agreed(make: Make) {
    let order = make.order().with_lines(3).await;
    assert_eq!(order.total, eur(2 * (1000 + 2000 + 3000)));
    let (lines, tax, total, state): (i64, i64, i64, String) = sqlx::query_as(
        "SELECT count(*), min(lines_tax)::bigint, sum(total)::bigint, min(orders.state::text)
           FROM orders JOIN order_line ON order_id = orders.id WHERE orders.id = $1",
    )
    .bind(order.id)
    .fetch_one(&make.db)
    .await
    .unwrap();
    assert_eq!((lines, tax, total, state.as_str()), (3, 319 + 639 + 958, 12_000, "placed"));
    let view = cart::view(&make.db, &make.context, order.cart, &cart::Shopper::Shop).await.unwrap();
    assert_eq!(view.state, cart::CartState::Converted);
}

#[proofmark::test]
async fn a_total_that_was_not_shown_is_not_charged(make: Make) {
    make.german_tax().await;
    let mug = make.variant().untracked().priced(eur(1000)).await;
    let cart = make.cart().with(mug, 1).await;
    cart::begin_checkout(&make.db, &make.context, &cart.request(), Strategy::MostStock)
        .await
        .unwrap();
    let mut wanted = make.placing(cart.request());
    for shown in [eur(999), eur(1001), Money::new(1000, Currency::USD).unwrap()] {
        wanted.expected_total = Some(shown);
        let refused = order::place(&make.db, &make.context, &wanted).await;
        let Err(PlaceError::PriceChanged { shown: told, now }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((told, now), (shown, eur(1000)));
    }
    wanted.expected_total = Some(eur(1000));
    let placed = order::place(&make.db, &make.context, &wanted).await.unwrap();
    assert_eq!(placed.state, OrderState::Placed);
}

#[proofmark::test]
async fn an_order_of_nothing_to_pay_is_confirmed_at_once(make: Make) {
    make.german_tax().await;
    let sample = make.variant().untracked().priced(eur(0)).await;
    let order = make.order().with(sample, 1).await;
    let (state,): (String,) = sqlx::query_as("SELECT state::text FROM orders WHERE id = $1")
        .bind(order.id)
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!((order.total, state.as_str()), (eur(0), "confirmed"));
}
