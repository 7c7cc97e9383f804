//! Cancellations and returns: what goes back, to the cent.

use shop::order::{
    self, CancelError, OrderRefusal, OrderState, ReceiveReturn, ReceiveReturnError, UnitsRefusal,
};

use super::stage::{
    cancel, cancelling, confirmed, eur, order_in, receive, request_return, returning, send,
    send_back, state, units,
};
use crate::make::Make;

#[proofmark::test]
async fn a_whole_order_is_cancelled_with_everything_that_was_paid(make: Make) {
    for paid in [false, true] {
        let order = make.order().with_lines(3).await;
        let order = if paid { confirmed(&make, order).await } else { order };
        let cancelled = cancel(&make, &order, None).await;
        assert_eq!(cancelled.state, OrderState::Cancelled);
        assert_eq!((cancelled.money_back, cancelled.units.len()), (order.total, 3));
    }
}

#[proofmark::test]
async fn single_units_add_up_to_their_line(make: Make) {
    // Three at 3.33 and 19 % on top: 11.89, which three do not divide.
    let order = make.order().without_tax().priced(333).of_quantity(3).await;
    assert_eq!(order.total, eur(1189));
    let order = confirmed(&make, order).await;
    let mut back = Vec::new();
    for _ in 0..2 {
        let one = cancel(&make, &order, Some(vec![units(order.lines[0], 1)])).await;
        back.push(one.money_back);
    }
    send(&make, &order, 1).await;
    let last = send_back(&make, &order, 1).await;
    assert_eq!(last.state, OrderState::Returned);
    back.push(last.money_back);
    assert_eq!(back, [eur(396), eur(396), eur(397)]);
    let owed = order::owed(&make.db, order.id).await.unwrap();
    assert_eq!(owed.lines[0].amount, order.total);
}

#[proofmark::test]
async fn cancelling_unit_by_unit_cancels_the_order(make: Make) {
    let order = confirmed(&make, make.order().await).await;
    let first = cancel(&make, &order, Some(vec![units(order.lines[0], 1)])).await;
    assert_eq!((first.state, first.money_back), (OrderState::Confirmed, eur(1000)));
    let last = cancel(&make, &order, Some(vec![units(order.lines[0], 1)])).await;
    assert_eq!((last.state, last.money_back), (OrderState::Cancelled, eur(1000)));
}

#[proofmark::test]
async fn an_order_is_cancelled_and_returned_by_its_customer_only(make: Make) {
    let (ada, eve) = (make.customer().await, make.customer().await);
    let order = make.order().of(ada).await;
    let mut wanted = cancelling(&order, None);
    wanted.customer = Some(eve);
    let refused = order::cancel(&make.db, &make.context, &wanted).await;
    assert!(matches!(refused, Err(CancelError::Order(OrderRefusal::Foreign))), "{refused:?}");

    let order = confirmed(&make, order).await;
    send(&make, &order, 2).await;
    let mut back = returning(&order, vec![units(order.lines[0], 1)]);
    back.customer = Some(eve);
    let refused = order::request_return(&make.db, &make.context, &back).await;
    assert_eq!(refused.unwrap_err().to_string(), "the order is not theirs");
    back.customer = Some(ada);
    let returned = order::request_return(&make.db, &make.context, &back).await.unwrap();
    let refused = order::cancel_return(&make.db, &make.context, returned, Some(eve)).await;
    assert_eq!(refused.unwrap_err().to_string(), "there is no such return");
    order::cancel_return(&make.db, &make.context, returned, Some(ada)).await.unwrap();

    let unknown = order::Cancel { order: make.context.id(), ..cancelling(&order, None) };
    let refused = order::cancel(&make.db, &make.context, &unknown).await;
    assert!(matches!(refused, Err(CancelError::Order(OrderRefusal::NotFound))), "{refused:?}");
}

#[proofmark::test]
async fn what_has_not_left_does_not_come_back(make: Make) {
    let order = order_in(&make, OrderState::PartiallyFulfilled).await;
    let wanted = returning(&order, vec![units(order.lines[0], 2)]);
    let refused = order::request_return(&make.db, &make.context, &wanted).await;
    let Err(order::RequestReturnError::Units(UnitsRefusal::TooMany { left: 1, .. })) = refused
    else {
        panic!("{refused:?}")
    };
    // A rejected return leaves its units to another.
    let first = request_return(&make, &order, vec![units(order.lines[0], 1)]).await;
    let refused = order::request_return(
        &make.db,
        &make.context,
        &returning(&order, vec![units(order.lines[0], 1)]),
    )
    .await;
    assert!(refused.is_err());
    order::reject_return(&make.db, &make.context, first, &"used".parse().unwrap()).await.unwrap();
    let receipt = send_back(&make, &order, 1).await;
    assert_eq!((receipt.state, receipt.money_back), (OrderState::PartiallyReturned, eur(1000)));
}

#[proofmark::test]
async fn only_what_came_back_is_restocked(make: Make) {
    let order = order_in(&make, OrderState::Fulfilled).await;
    let other = make.order().await;
    let line = order.lines[0];
    let returned = request_return(&make, &order, vec![units(line, 1)]).await;
    order::approve_return(&make.db, &make.context, returned).await.unwrap();
    let location = make.main_location().await;
    let mut request = ReceiveReturn { returned, location, restock: vec![units(line, 2)] };
    let refused = order::receive_return(&make.db, &make.context, &request).await;
    assert!(matches!(refused, Err(ReceiveReturnError::RestocksTooMany(_))), "{refused:?}");
    request.restock = vec![units(other.lines[0], 1)];
    let refused = order::receive_return(&make.db, &make.context, &request).await;
    assert!(matches!(refused, Err(ReceiveReturnError::NotInReturn(_))), "{refused:?}");
    request.restock = vec![units(line, 1), units(line, 1)];
    let refused = order::receive_return(&make.db, &make.context, &request).await;
    assert!(matches!(refused, Err(ReceiveReturnError::NotInReturn(_))), "{refused:?}");
    request.restock = vec![];
    request.location = make.context.id();
    let refused = order::receive_return(&make.db, &make.context, &request).await;
    assert!(matches!(refused, Err(ReceiveReturnError::NoSuchLocation)), "{refused:?}");
    assert_eq!(state(&make, order.id).await, OrderState::Fulfilled, "nothing was written");

    request.location = location;
    request.restock = vec![units(line, 1)];
    order::receive_return(&make.db, &make.context, &request).await.unwrap();
    let on_hand: i32 = sqlx::query_scalar(
        "SELECT on_hand FROM stock_level WHERE variant_id = $1 AND location_id = $2",
    )
    .bind(order.variants[0])
    .bind(location)
    .fetch_one(&make.db)
    .await
    .unwrap();
    assert!(on_hand >= 1);
}

#[proofmark::test]
async fn two_returns_of_a_line_are_each_worth_their_own_units(make: Make) {
    let order = make.order().without_tax().priced(333).of_quantity(3).await;
    let order = confirmed(&make, order).await;
    send(&make, &order, 3).await;
    let line = order.lines[0];
    let first = request_return(&make, &order, vec![units(line, 1)]).await;
    let second = request_return(&make, &order, vec![units(line, 2)]).await;
    for returned in [second, first] {
        order::approve_return(&make.db, &make.context, returned).await.unwrap();
    }
    // The second arrives first.
    let two = receive(&make, second).await;
    let one = receive(&make, first).await;
    assert_eq!((two.money_back, one.money_back), (eur(792), eur(397)));
    assert_eq!(one.state, OrderState::Returned);
}
