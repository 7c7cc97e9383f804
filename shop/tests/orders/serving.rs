//! Parcels: what leaves, what gets lost, and what the order becomes.

use shop::order::{self, FulfilError, OrderState, ParcelError, UnitsRefusal, Wanted};

use super::stage::{cancel, confirmed, eur, pack, request_return, send, ship, state, units};
use crate::make::Make;

#[proofmark::test]
async fn an_order_is_fulfilled_parcel_by_parcel(make: Make) {
    let order = confirmed(&make, make.order().of_quantity(3).await).await;
    let line = order.lines[0];
    let first = pack(&make, &order, Wanted::Units(vec![units(line, 2)])).await;
    assert_eq!(state(&make, order.id).await, OrderState::Confirmed, "packing moves nothing");
    assert_eq!(ship(&make, first[0].fulfilment).await, OrderState::PartiallyFulfilled);
    let second = pack(&make, &order, Wanted::Everything).await;
    assert_eq!(second[0].units, [units(line, 1)]);
    assert_eq!(ship(&make, second[0].fulfilment).await, OrderState::Fulfilled);
}

#[proofmark::test]
async fn units_are_packed_once(make: Make) {
    let order = confirmed(&make, make.order().with_lines(2).await).await;
    let other = make.order().await;
    let (line, foreign) = (order.lines[0], other.lines[0]);
    let parcel = pack(&make, &order, Wanted::Units(vec![units(line, 1)])).await[0].fulfilment;
    let cases = [
        ("more than there is", vec![units(line, 2)], UnitsRefusal::TooMany { line, left: 1 }),
        ("twice", vec![units(line, 1), units(line, 1)], UnitsRefusal::Twice(line)),
        ("of another order", vec![units(foreign, 1)], UnitsRefusal::NotInOrder(foreign)),
        ("nothing", vec![], UnitsRefusal::None),
    ];
    for (name, wanted, refusal) in cases {
        let said = order::fulfil(&make.db, &make.context, order.id, &Wanted::Units(wanted)).await;
        let Err(FulfilError::Units(said)) = said else { panic!("{name}: {said:?}") };
        assert_eq!(said, refusal, "{name}");
    }
    // A parcel that is not sent gives its units back.
    order::cancel_fulfilment(&make.db, &make.context, parcel).await.unwrap();
    let again = pack(&make, &order, Wanted::Everything).await;
    assert_eq!(again[0].units, [units(order.lines[0], 2), units(order.lines[1], 2)]);
}

#[proofmark::test]
async fn cancelling_the_rest_fulfils_the_order(make: Make) {
    let order = confirmed(&make, make.order().of_quantity(3).await).await;
    send(&make, &order, 2).await;
    let cancelled = cancel(&make, &order, Some(vec![units(order.lines[0], 1)])).await;
    assert_eq!((cancelled.state, cancelled.money_back), (OrderState::Fulfilled, eur(1000)));
}

#[proofmark::test]
async fn the_money_of_a_lost_parcel_is_owed(make: Make) {
    let order = confirmed(&make, make.order().of_quantity(3).await).await;
    let parcel = send(&make, &order, 2).await;
    let lost = order::lose(&make.db, &make.context, parcel).await.unwrap();
    assert_eq!((lost[0].line, lost[0].amount), (order.lines[0], eur(2000)));
    let owed = order::owed(&make.db, order.id).await.unwrap();
    assert_eq!((owed.lines[0].amount, owed.extras), (eur(2000), eur(0)));
    // What is lost does not come back.
    let back = super::stage::returning(&order, vec![units(order.lines[0], 1)]);
    let refused = order::request_return(&make.db, &make.context, &back).await;
    let Err(order::RequestReturnError::Units(UnitsRefusal::TooMany { left: 0, .. })) = refused
    else {
        panic!("{refused:?}")
    };
}

#[proofmark::test]
async fn a_parcel_whose_goods_come_back_is_not_lost(make: Make) {
    let order = confirmed(&make, make.order().await).await;
    let parcel = send(&make, &order, 2).await;
    request_return(&make, &order, vec![units(order.lines[0], 1)]).await;
    let refused = order::lose(&make.db, &make.context, parcel).await;
    assert!(matches!(refused, Err(ParcelError::BeingReturned)), "{refused:?}");
}

#[proofmark::test]
async fn cancelling_and_shipping_at_once_never_do_both(make: Make) {
    for _ in 0..5 {
        let order = confirmed(&make, make.order().await).await;
        let parcel = pack(&make, &order, Wanted::Everything).await[0].fulfilment;
        let (db, context) = (&make.db, &make.context);
        let shipment = order::Shipment::default();
        let wanted = super::stage::cancelling(&order, None);
        let (shipped, cancelled) = tokio::join!(
            order::ship(db, context, parcel, &shipment),
            order::cancel(db, context, &wanted)
        );
        match (shipped, cancelled) {
            (Ok(state), Err(refused)) => {
                assert_eq!(state, OrderState::Fulfilled);
                assert_eq!(refused.to_string(), "the order is fulfilled");
            }
            (Err(refused), Ok(cancelled)) => {
                assert_eq!(refused.to_string(), "the parcel is cancelled");
                assert_eq!(cancelled.state, OrderState::Cancelled);
            }
            other => panic!("{other:?}"),
        }
    }
}
