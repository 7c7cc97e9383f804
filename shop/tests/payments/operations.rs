//! Operations one by one: what they do when everything goes well, or when the provider says no.

use chrono::Duration;
use shop::id::OrderId;
use shop::order::OrderState;
use shop::payment::provider::ManualProvider;
use shop::payment::provider::fake::{Behaviour, Finish};
use shop::payment::{
    Capture, CaptureError, CaptureMode, MethodType, Outcome, PayWith, PaymentState as P,
    StartError, Void, VoidError, authorize, cancel, capture, expire_due, purchase, reauthorize,
    void,
};

use super::books::{agree, hold, ours};
use crate::make::Make;
use crate::make::payment::{eur, token};

async fn order_state(make: &Make, order: OrderId) -> OrderState {
    sqlx::query_scalar("SELECT state FROM orders WHERE id = $1")
        .bind(order)
        .fetch_one(&make.db)
        .await
        .unwrap()
}

#[proofmark::test]
async fn a_purchase_takes_the_money_and_confirms_the_order(make: Make) {
    let fake = make.fake();
    let order = make.order_of(eur(2_400), None).await;
    let payment =
        make.payment().of(eur(2_400)).for_order(order).captured(CaptureMode::Automatic).await;
    assert_eq!(order_state(&make, order).await, OrderState::Placed);
    let done = purchase(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(done.outcome, Outcome::Succeeded);
    assert_eq!(make.state_of(payment).await, P::Captured);
    assert_eq!(order_state(&make, order).await, OrderState::Confirmed);
    assert_eq!(ours(&make, payment).await.captured, 2_400);
    agree(&make, &fake, payment, "purchase").await;
}

#[proofmark::test]
async fn an_order_is_confirmed_by_the_payment_that_covers_it(make: Make) {
    let fake = make.fake();
    let order = make.order_of(eur(10_000), None).await;
    let first = make.payment().of(eur(6_000)).for_order(order).await;
    let second = make.payment().of(eur(4_000)).for_order(order).await;
    authorize(&make.db, &make.context, &fake, first, token()).await.unwrap();
    assert_eq!(order_state(&make, order).await, OrderState::Placed);
    authorize(&make.db, &make.context, &fake, second, token()).await.unwrap();
    assert_eq!(order_state(&make, order).await, OrderState::Confirmed);
    let more = shop::payment::Start {
        order,
        amount: eur(1),
        with: PayWith::Once { method_type: MethodType::Card, provider: "fake".parse().unwrap() },
        capture_mode: CaptureMode::Automatic,
        expires_at: None,
    };
    let mut connection = make.db.acquire().await.unwrap();
    let refused = shop::payment::start(&mut connection, &make.context, &more).await;
    assert!(matches!(refused, Err(StartError::ExceedsTotal)), "{refused:?}");
    hold(&make, "two payments").await;
}

#[proofmark::test]
async fn a_declined_payment_can_be_tried_again(make: Make) {
    let fake = make.fake();
    let payment = make.payment().await;
    fake.script([Behaviour::Decline("insufficient_funds".parse().unwrap())]);
    let first = authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(first.outcome, Outcome::Declined { code: "insufficient_funds".parse().unwrap() });
    assert_eq!(make.state_of(payment).await, P::RequiresPaymentMethod);
    let second = authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(second.outcome, Outcome::Authorized);
    agree(&make, &fake, payment, "second attempt").await;
}

#[proofmark::test]
async fn several_captures_and_the_release_of_the_rest_add_up(make: Make) {
    let fake = make.fake();
    let payment = make.payment_in(P::Authorized, &fake).await;
    make.capture(&fake, payment, 3_000).await;
    assert_eq!(make.state_of(payment).await, P::PartiallyCaptured);
    make.capture(&fake, payment, 2_500).await;
    assert_eq!(make.state_of(payment).await, P::PartiallyCaptured);
    let too_much = Capture { payment, amount: Some(eur(4_501)) };
    let refused = capture(&make.db, &make.context, &fake, too_much).await;
    assert!(matches!(refused, Err(CaptureError::ExceedsAuthorized)), "{refused:?}");
    let rest = Void { payment, amount: None };
    let voided = void(&make.db, &make.context, &fake, rest).await.unwrap();
    assert_eq!((voided.amount, voided.outcome), (eur(4_500), Outcome::Succeeded));
    assert_eq!(make.state_of(payment).await, P::Captured);
    let nothing = void(&make.db, &make.context, &fake, rest).await;
    assert!(matches!(nothing, Err(VoidError::NotPositive)), "{nothing:?}");
    agree(&make, &fake, payment, "captures and release").await;
}

#[proofmark::test]
async fn a_payment_in_manual_mode_is_captured_once(make: Make) {
    let fake = make.fake();
    let payment = make.payment().captured(CaptureMode::Manual).await;
    authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    make.capture(&fake, payment, 3_000).await;
    let again = Capture { payment, amount: Some(eur(1)) };
    let refused = capture(&make.db, &make.context, &fake, again).await;
    assert!(matches!(refused, Err(CaptureError::OnlyOnce)), "{refused:?}");
    agree(&make, &fake, payment, "one capture").await;
}

#[proofmark::test]
async fn a_capture_that_fails_gives_its_claim_back(make: Make) {
    let fake = make.fake();
    let payment = make.payment_in(P::Authorized, &fake).await;
    fake.script([Behaviour::Fail("expired_authorization".parse().unwrap())]);
    let all = Capture { payment, amount: None };
    let failed = capture(&make.db, &make.context, &fake, all).await.unwrap();
    assert!(matches!(failed.outcome, Outcome::Failed { .. }));
    assert_eq!(make.state_of(payment).await, P::Authorized);
    make.capture(&fake, payment, 10_000).await;
    assert_eq!(make.state_of(payment).await, P::Captured);
    agree(&make, &fake, payment, "second capture").await;
}

#[proofmark::test]
async fn a_void_that_fails_leaves_the_money_held(make: Make) {
    let fake = make.fake();
    let payment = make.payment_in(P::Authorized, &fake).await;
    fake.script([Behaviour::Fail("not_now".parse().unwrap())]);
    let all = Void { payment, amount: None };
    void(&make.db, &make.context, &fake, all).await.unwrap();
    assert_eq!(make.state_of(payment).await, P::Authorized);
    assert_eq!(ours(&make, payment).await.voided, 0);
    agree(&make, &fake, payment, "failed void").await;
    void(&make.db, &make.context, &fake, all).await.unwrap();
    assert_eq!(make.state_of(payment).await, P::Voided);
    agree(&make, &fake, payment, "void").await;
}

#[proofmark::test]
async fn an_authorization_is_renewed_and_the_old_one_counts_no_more(make: Make) {
    let fake = make.fake();
    let payment = make.payment_in(P::Authorized, &fake).await;
    fake.script([Behaviour::Decline("expired_card".parse().unwrap())]);
    reauthorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(make.state_of(payment).await, P::Authorized);
    assert_eq!(ours(&make, payment).await.authorized, 10_000);
    let renewed = reauthorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(renewed.outcome, Outcome::Authorized);
    assert_eq!(fake.accounts(payment).iter().filter(|account| account.closed).count(), 1);
    agree(&make, &fake, payment, "renewed").await;
    make.capture(&fake, payment, 10_000).await;
    agree(&make, &fake, payment, "captured").await;
}

#[proofmark::test]
async fn a_payment_is_given_up_before_money_is_held(make: Make) {
    let fake = make.fake();
    for state in [P::RequiresPaymentMethod, P::RequiresAction] {
        let payment = make.payment_in(state, &fake).await;
        let outcome = cancel(&make.db, &make.context, &fake, payment).await.unwrap();
        assert_eq!(outcome, Outcome::Canceled, "{state}");
        assert_eq!(make.state_of(payment).await, P::Voided, "{state}");
        agree(&make, &fake, payment, state.as_str()).await;
    }
}

#[proofmark::test]
async fn giving_up_too_late_books_what_the_provider_has_done(make: Make) {
    let fake = make.fake();
    let payment = make.payment().await;
    fake.script([Behaviour::TimeOutAfter]);
    let lost = authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(lost.outcome, Outcome::Unknown);
    let outcome = cancel(&make.db, &make.context, &fake, payment).await.unwrap();
    assert_eq!(outcome, Outcome::Authorized);
    assert_eq!(make.state_of(payment).await, P::Authorized);
    agree(&make, &fake, payment, "too late").await;
}

#[proofmark::test]
async fn what_is_due_expires_and_what_is_not_stays(make: Make) {
    let fake = make.fake();
    let soon = make.context.now() + Duration::hours(1);
    let mut due = Vec::new();
    for behaviour in [None, Some(Behaviour::RequireAction), Some(Behaviour::Succeed)] {
        let payment = make.payment().expiring(soon).await;
        if let Some(behaviour) = behaviour {
            fake.script([behaviour]);
            authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
        }
        due.push(payment);
    }
    let later = make.payment().expiring(soon + Duration::days(1)).await;
    let none = expire_due(&make.db, &make.context, &fake, 10).await.unwrap();
    assert_eq!((none.ended, none.left), (0, 0));
    make.clock.advance(Duration::hours(1));
    let round = expire_due(&make.db, &make.context, &fake, 10).await.unwrap();
    assert_eq!((round.ended, round.left), (3, 0));
    for payment in due {
        assert_eq!(make.state_of(payment).await, P::Expired);
        agree(&make, &fake, payment, "expired").await;
    }
    assert_eq!(make.state_of(later).await, P::RequiresPaymentMethod);
}

#[proofmark::test]
async fn a_bank_debit_settles_later_and_may_be_returned_later_still(make: Make) {
    let fake = make.fake();
    let with =
        PayWith::Once { method_type: MethodType::BankDebit, provider: "fake".parse().unwrap() };
    let payment = make.payment().with(with).captured(CaptureMode::Automatic).await;
    fake.script([Behaviour::Pend]);
    let sent = purchase(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(make.state_of(payment).await, P::Processing);
    fake.finish(shop::id::Id::uuid(sent.attempt), &Finish::Succeed);
    for notice in fake.take_notices() {
        shop::payment::hear(&make.db, &make.context, &notice).await.unwrap();
    }
    assert_eq!(make.state_of(payment).await, P::Captured);
    agree(&make, &fake, payment, "settled").await;
    fake.finish(shop::id::Id::uuid(sent.attempt), &Finish::Fail("returned".parse().unwrap()));
    for notice in fake.take_notices() {
        shop::payment::hear(&make.db, &make.context, &notice).await.unwrap();
    }
    assert_eq!(make.state_of(payment).await, P::Failed);
    assert_eq!(ours(&make, payment).await.captured, 0);
    assert_eq!(fake.moved(payment).captured, 0);
    hold(&make, "returned").await;
}

#[proofmark::test]
async fn cash_on_delivery_is_promised_and_then_booked(make: Make) {
    let with = PayWith::Once {
        method_type: MethodType::CashOnDelivery,
        provider: "manual".parse().unwrap(),
    };
    let payment = make.payment().with(with).captured(CaptureMode::Manual).await;
    let promised =
        authorize(&make.db, &make.context, &ManualProvider, payment, None).await.unwrap();
    assert_eq!(promised.outcome, Outcome::Authorized);
    let all = Capture { payment, amount: None };
    capture(&make.db, &make.context, &ManualProvider, all).await.unwrap();
    assert_eq!(make.state_of(payment).await, P::Captured);
    hold(&make, "cash").await;
}
