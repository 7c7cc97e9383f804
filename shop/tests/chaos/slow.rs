//! A provider that takes its time: its answer comes after something else has happened.

use std::pin::pin;

use chrono::TimeDelta;
use shop::order::{self, OrderState, PAYMENT_WAIT};
use shop::payment::provider::fake::{Behaviour, Gate};
use shop::payment::{
    Capture, CaptureError, CaptureMode, Heard, MethodType, Outcome, PayWith, PaymentState,
    RefundError, Start, StartError, capture, purchase, refund, start,
};

use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};
use crate::workflows::{Purchase, Workflow};

async fn three_mugs(flow: &Workflow) -> Purchase {
    let mug = flow.make.variant().priced(eur(1_000)).in_stock(10).await;
    let mut guest = flow.guest();
    guest.take(mug, 3).await;
    guest.check_out().await
}

/// Runs an operation until the provider has been asked once more.
async fn until_asked<T>(flow: &Workflow, operation: &mut (impl Future<Output = T> + Unpin)) {
    let before = flow.fake.asked();
    let asked = async {
        while flow.fake.asked() == before {
            tokio::task::yield_now().await;
        }
        // What the provider does before it waits is one more turn.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = operation => panic!("it did not wait for the provider"),
        () = asked => {}
    }
}

#[proofmark::test]
async fn an_order_that_is_cancelled_while_its_card_is_slow_is_paid_back(make: Make) {
    let flow = Workflow::new(&make).await;
    for before in [true, false] {
        let bought = three_mugs(&flow).await;
        let gate = Gate::default();
        let slow = if before { Behaviour::HoldBefore } else { Behaviour::HoldAfter };
        flow.fake.script([slow(gate.clone())]);
        let payment = bought.start(MethodType::Card, bought.total, CaptureMode::Automatic).await;
        let mut paying = pin!(purchase(&make.db, &make.context, &flow.fake, payment, token()));
        until_asked(&flow, &mut paying).await;
        let cancelled = bought.cancel(None).await;
        assert_eq!(cancelled.state, OrderState::Cancelled);
        gate.open();
        assert_eq!(paying.await.unwrap().outcome, Outcome::Succeeded);
        assert_eq!(bought.state().await, OrderState::Cancelled);
        assert_eq!(flow.kept(payment), 3_000, "the money came all the same");
        bought.refund(payment, &cancelled.units, cancelled.extras, None).await;
        assert_eq!(make.state_of(payment).await, PaymentState::Refunded);
        assert_eq!((flow.kept(payment), bought.owed().await.0), (0, eur(0)));
    }
    flow.adds_up().await;
}

#[proofmark::test]
async fn nobody_pays_twice_while_the_first_card_is_slow(make: Make) {
    let flow = Workflow::new(&make).await;
    let bought = three_mugs(&flow).await;
    let gate = Gate::default();
    flow.fake.script([Behaviour::HoldAfter(gate.clone())]);
    let payment = bought.start(MethodType::Card, bought.total, CaptureMode::Automatic).await;
    let (db, context) = (&make.db, &make.context);
    let mut paying = pin!(purchase(db, context, &flow.fake, payment, token()));
    until_asked(&flow, &mut paying).await;

    let again = purchase(db, context, &flow.fake, payment, token()).await;
    assert!(again.is_err(), "the same payment: {again:?}");
    let card = PayWith::Once { method_type: MethodType::Card, provider: "fake".parse().unwrap() };
    let other = Start {
        order: bought.id,
        amount: bought.total,
        with: card,
        capture_mode: CaptureMode::Automatic,
        expires_at: None,
    };
    let mut connection = make.db.acquire().await.unwrap();
    let another = start(&mut connection, context, &other).await;
    assert!(matches!(another, Err(StartError::ExceedsTotal)), "another payment: {another:?}");
    drop(connection);
    // The order does not expire under it either.
    make.clock.advance(PAYMENT_WAIT + TimeDelta::hours(1));
    assert_eq!(order::expire_unpaid(db, context, PAYMENT_WAIT, 10).await.unwrap(), []);
    gate.open();
    assert_eq!(paying.await.unwrap().outcome, Outcome::Succeeded);
    assert_eq!(bought.state().await, OrderState::Confirmed);
    assert_eq!(flow.kept(payment), 3_000);
    flow.adds_up().await;
}

#[proofmark::test]
async fn a_slow_capture_is_booked_once_whoever_brings_the_answer(make: Make) {
    let flow = Workflow::new(&make).await;
    let (db, context) = (&make.db, &make.context);
    for by_notice in [true, false] {
        let bought = three_mugs(&flow).await;
        let payment = bought.authorize().await;
        flow.hear().await;
        let gate = Gate::default();
        flow.fake.script([Behaviour::HoldAfter(gate.clone())]);
        let part = Capture { payment, amount: Some(eur(2_000)) };
        let mut taking = pin!(capture(db, context, &flow.fake, part));
        until_asked(&flow, &mut taking).await;
        // What is asked for is not asked for a second time.
        let too_much = capture(db, context, &flow.fake, part).await;
        assert!(matches!(too_much, Err(CaptureError::ExceedsAuthorized)), "{too_much:?}");
        if by_notice {
            assert_eq!(flow.hear().await, [Heard::Applied]);
        } else {
            assert_eq!(flow.recover().await.settled, 1);
        }
        assert_eq!(make.state_of(payment).await, PaymentState::PartiallyCaptured);
        gate.open();
        assert_eq!(taking.await.unwrap().outcome, Outcome::Succeeded);
        assert_eq!(flow.kept(payment), 2_000, "by notice: {by_notice}");
    }
    flow.adds_up().await;
}

#[proofmark::test]
async fn a_slow_refund_leaves_no_room_for_a_second_one(make: Make) {
    let flow = Workflow::new(&make).await;
    let (db, context) = (&make.db, &make.context);
    for before in [true, false] {
        let bought = three_mugs(&flow).await;
        let payment = bought.pay().await;
        let gate = Gate::default();
        let slow = if before { Behaviour::HoldBefore } else { Behaviour::HoldAfter };
        flow.fake.script([slow(gate.clone())]);
        let most = refund_of(payment, eur(2_500));
        let mut back = pin!(refund(db, context, &flow.fake, &most));
        until_asked(&flow, &mut back).await;
        let second = refund(db, context, &flow.fake, &most).await;
        assert!(matches!(second, Err(RefundError::ExceedsCaptured)), "{second:?}");
        // Recovery asks under the same key: it brings the answer, or has the provider act first.
        assert_eq!(flow.recover().await.settled, 1, "before: {before}");
        gate.open();
        assert_eq!(back.await.unwrap().outcome, Outcome::Succeeded);
        assert_eq!(flow.kept(payment), 500, "before: {before}");
    }
    flow.adds_up().await;
}
