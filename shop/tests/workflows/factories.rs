//! The orders that other tests begin with.

use shop::money::Currency;
use shop::order::OrderState;
use shop::payment::PaymentState;

use crate::make::Make;
use crate::orders::stage::state;
use crate::payments::books::agree;

#[proofmark::test]
async fn a_paid_order_is_confirmed_and_its_money_taken(make: Make) {
    let order = make.paid_order().with_lines(3).in_currency(Currency::EUR).await;
    assert_eq!((order.lines.len(), order.total.minor()), (3, 12_000));
    assert_eq!(state(&make, order.id).await, OrderState::Confirmed);
    let (payment, fake) = order.payment.unwrap();
    assert_eq!(make.state_of(payment).await, PaymentState::Captured);
    agree(&make, &fake, payment, "paid").await;
}

#[proofmark::test]
async fn a_shipped_order_has_left(make: Make) {
    let order = make.shipped_order().with_lines(2).in_currency(Currency::JPY).await;
    assert_eq!(state(&make, order.id).await, OrderState::Fulfilled);
    let (payment, fake) = order.payment.unwrap();
    agree(&make, &fake, payment, "shipped").await;
}
