//! Orders that do not stay as they were: cancelled, sent back, given the money back.

use shop::order::{OrderState, ReturnState, Wanted};
use shop::payment::PaymentState;

use super::{Workflow, all_of};
use crate::make::Make;
use crate::make::payment::eur;
use crate::orders::stage::units;

#[proofmark::test]
async fn half_of_a_paid_order_is_cancelled_and_its_money_comes_back(make: Make) {
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(eur(1_000)).in_stock(10).await;
    let pot = make.variant().priced(eur(2_555)).in_stock(10).await;
    make.promotion().percentage(1_000).await;
    let post = make.shipping_rate().await.method;
    let mut ada = flow.customer().await;
    ada.take(mug, 2).await;
    ada.take(pot, 2).await;
    let bought = ada
        .check_out_with(|place| shop::order::Place { shipping_method: Some(post), ..place })
        .await;
    assert_eq!(bought.total, eur(6_889), "71.10 less a tenth, and 4.90");
    let payment = bought.pay().await;
    let half = bought.lines.iter().map(|line| units(*line, 1)).collect();
    let cancelled = bought.cancel(Some(half)).await;
    assert_eq!((cancelled.money_back, cancelled.extras), (eur(3_199), eur(0)));
    assert_eq!(bought.owed().await.0, eur(3_199));
    bought.refund(payment, &cancelled.units, eur(0), None).await;
    assert_eq!((bought.owed().await.0, flow.kept(payment)), (eur(0), 3_690));
    assert_eq!((flow.stock(mug).await, flow.stock(pot).await), ((10, 1, 0), (10, 1, 0)));
    bought.deliver().await;
    assert_eq!((flow.stock(mug).await, flow.stock(pot).await), ((9, 0, 0), (9, 0, 0)));
    flow.adds_up().await;
}

#[proofmark::test]
async fn a_paid_order_is_cancelled_whole_and_shipping_comes_back_too(make: Make) {
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(eur(1_000)).in_stock(10).await;
    let post = make.shipping_rate().await.method;
    let mut guest = flow.guest();
    guest.take(mug, 3).await;
    let bought = guest
        .check_out_with(|place| shop::order::Place { shipping_method: Some(post), ..place })
        .await;
    let payment = bought.pay().await;
    let cancelled = bought.cancel(None).await;
    assert_eq!((cancelled.state, cancelled.money_back), (OrderState::Cancelled, eur(3_490)));
    bought.refund(payment, &cancelled.units, cancelled.extras, None).await;
    assert_eq!(make.state_of(payment).await, PaymentState::Refunded);
    assert_eq!((flow.kept(payment), flow.stock(mug).await), (0, (10, 0, 0)));
    flow.adds_up().await;
}

#[proofmark::test]
async fn three_returns_of_one_unit_add_up_to_the_line(make: Make) {
    let flow = Workflow::new(&make).await;
    for price in [1_000, 1_001, 333, 1] {
        let mug = make.variant().priced(eur(price)).in_stock(3).await;
        // A discount that three do not divide.
        let voucher = make.voucher().unlocking(|promotion| promotion.percentage(1_111)).await;
        let mut ada = flow.customer().await;
        ada.take(mug, 3).await;
        ada.enter(&voucher.code).await;
        let bought = ada.check_out().await;
        let payment = bought.pay().await;
        bought.deliver().await;
        let mut back = eur(0);
        for time in 1..=3 {
            let (returned, receipt) = bought.send_back(vec![units(bought.lines[0], 1)], true).await;
            let state = if time < 3 { OrderState::PartiallyReturned } else { OrderState::Returned };
            assert_eq!(receipt.state, state, "{price}, return {time}");
            back = back.plus(receipt.money_back).unwrap();
            if !receipt.money_back.is_zero() {
                bought.refund(payment, &receipt.units, eur(0), Some(returned)).await;
            }
        }
        assert_eq!((back, flow.kept(payment)), (bought.total, 0), "{price}");
        assert_eq!(flow.stock(mug).await, (3, 0, 0), "{price}");
    }
    flow.adds_up().await;
}

#[proofmark::test]
async fn everything_comes_back_and_can_be_sold_again(make: Make) {
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(eur(1_000)).in_stock(4).await;
    let pot = make.variant().priced(eur(2_000)).in_stock(4).await;
    let mut guest = flow.guest();
    guest.take(mug, 4).await;
    guest.take(pot, 1).await;
    let bought = guest.check_out().await;
    let payment = bought.pay().await;
    bought.ship(Wanted::Everything).await;
    assert_eq!(flow.stock(mug).await, (0, 0, 0));
    let (returned, receipt) = bought.send_back(all_of(&bought), true).await;
    assert_eq!((receipt.state, receipt.money_back), (OrderState::Returned, eur(6_000)));
    bought.refund(payment, &receipt.units, eur(0), Some(returned)).await;
    assert_eq!(make.state_of(payment).await, PaymentState::Refunded);
    let state: ReturnState =
        sqlx::query_scalar("SELECT state::text FROM order_return WHERE id = $1")
            .bind(returned)
            .fetch_one(&make.db)
            .await
            .unwrap();
    assert_eq!(state, ReturnState::Completed);
    assert_eq!((flow.stock(mug).await, flow.stock(pot).await), ((4, 0, 0), (4, 0, 0)));
    let mut next = flow.guest();
    next.take(mug, 4).await;
    let sold_again = next.check_out().await;
    sold_again.pay().await;
    sold_again.deliver().await;
    flow.adds_up().await;
}
