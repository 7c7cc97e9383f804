//! What orders do to the stock, and a paid order from end to end.

use shop::id::{LocationId, VariantId};
use shop::inventory::Strategy;
use shop::money::{Currency, Money};
use shop::order::{self, OrderState, ReceiveReturn, Wanted};
use shop::payment::{Outcome, Refund, RefundLine, RefundReason, refund};

use super::stage::{cancel, confirmed, eur, pack, request_return, ship, state, units};
use crate::make::Make;

/// On hand, reserved, allocated.
async fn level(make: &Make, location: LocationId, variant: VariantId) -> (i32, i32, i32) {
    sqlx::query_as(
        "SELECT on_hand, reserved, allocated FROM stock_level
          WHERE location_id = $1 AND variant_id = $2",
    )
    .bind(location)
    .bind(variant)
    .fetch_one(&make.db)
    .await
    .unwrap()
}

#[proofmark::test]
async fn stock_is_promised_shipped_and_restocked_to_the_unit(make: Make) {
    let main = make.main_location().await;
    let mug = make.variant().priced(eur(1000)).in_stock(10).await;
    let order = make.order().with(mug, 5).await;
    assert_eq!(level(&make, main, mug).await, (10, 0, 5));
    let order = confirmed(&make, order).await;
    let line = order.lines[0];
    cancel(&make, &order, Some(vec![units(line, 1)])).await;
    assert_eq!(level(&make, main, mug).await, (10, 0, 4), "a cancelled unit is free");
    let parcels = pack(&make, &order, Wanted::Units(vec![units(line, 3)])).await;
    assert_eq!(level(&make, main, mug).await, (10, 0, 4), "packing moves nothing");
    ship(&make, parcels[0].fulfilment).await;
    assert_eq!(level(&make, main, mug).await, (7, 0, 1));
    let returned = request_return(&make, &order, vec![units(line, 2)]).await;
    order::approve_return(&make.db, &make.context, returned).await.unwrap();
    let request = ReceiveReturn { returned, location: main, restock: vec![units(line, 1)] };
    order::receive_return(&make.db, &make.context, &request).await.unwrap();
    assert_eq!(level(&make, main, mug).await, (8, 0, 1), "one of the two can be sold again");
    cancel(&make, &order, Some(vec![units(line, 1)])).await;
    assert_eq!(level(&make, main, mug).await, (8, 0, 0));
}

#[proofmark::test]
async fn a_cancelled_or_unpaid_order_leaves_its_stock_to_others(make: Make) {
    let main = make.main_location().await;
    let mug = make.variant().priced(eur(1000)).in_stock(4).await;
    let order = make.order().with(mug, 4).await;
    cancel(&make, &order, None).await;
    assert_eq!(level(&make, main, mug).await, (4, 0, 0));
    let unpaid = make.order().with(mug, 4).await;
    make.clock.advance(order::PAYMENT_WAIT);
    let wait = order::PAYMENT_WAIT;
    order::expire_unpaid(&make.db, &make.context, wait, 10).await.unwrap();
    assert_eq!(state(&make, unpaid.id).await, OrderState::Expired);
    assert_eq!(level(&make, main, mug).await, (4, 0, 0));
}

#[proofmark::test]
async fn an_order_leaves_in_a_parcel_per_location(make: Make) {
    let (main, north) = (make.main_location().await, make.location().await);
    let mug = make.variant().priced(eur(1000)).in_stock(2).in_stock_at(north, 3).await;
    make.german_tax().await;
    let cart = make.cart().with(mug, 5).await;
    let (db, context, request) = (&make.db, &make.context, cart.request());
    shop::cart::begin_checkout(db, context, &request, Strategy::Split).await.unwrap();
    let placed = order::place(db, context, &make.placing(request)).await.unwrap();
    super::stage::confirm(&make, placed.order).await.unwrap();
    let parcels = order::fulfil(db, context, placed.order, &Wanted::Everything).await.unwrap();
    let mut from: Vec<_> =
        parcels.iter().map(|parcel| (parcel.location, parcel.units[0].quantity.get())).collect();
    from.sort();
    let mut expected = [(main, 2), (north, 3)];
    expected.sort();
    assert_eq!(from, expected);
    assert_eq!(ship(&make, parcels[0].fulfilment).await, OrderState::PartiallyFulfilled);
    assert_eq!(ship(&make, parcels[1].fulfilment).await, OrderState::Fulfilled);
}

#[proofmark::test]
async fn a_paid_order_is_shipped_returned_and_paid_back(make: Make) {
    let yen = |minor| Money::new(minor, Currency::JPY).unwrap();
    let order = make.paid_order().with_lines(3).in_currency(Currency::JPY).await;
    assert_eq!((order.total, state(&make, order.id).await), (yen(12_000), OrderState::Confirmed));
    for parcel in pack(&make, &order, Wanted::Everything).await {
        ship(&make, parcel.fulfilment).await;
        order::deliver(&make.db, &make.context, parcel.fulfilment).await.unwrap();
    }
    let line = order.lines[2];
    let returned = request_return(&make, &order, vec![units(line, 1)]).await;
    order::approve_return(&make.db, &make.context, returned).await.unwrap();
    let receipt = super::stage::receive(&make, returned).await;
    assert_eq!((receipt.state, receipt.money_back), (OrderState::PartiallyReturned, yen(3000)));

    let owed = order::owed(&make.db, order.id).await.unwrap();
    let (payment, fake) = order.payment.clone().unwrap();
    let wanted = Refund {
        payment,
        amount: Some(receipt.money_back),
        reason: RefundReason::RequestedByCustomer,
        note: None,
        lines: owed
            .lines
            .iter()
            .map(|owed| RefundLine { order_line: owed.line, amount: owed.amount })
            .collect(),
        for_return: Some(returned),
    };
    let refunded = refund(&make.db, &make.context, &fake, &wanted).await.unwrap();
    assert_eq!(refunded.outcome, Outcome::Succeeded);
    order::complete_return(&make.db, &make.context, returned).await.unwrap();
    assert_eq!(order::owed(&make.db, order.id).await.unwrap().lines, [], "nothing is open");
}
