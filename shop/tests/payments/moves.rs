//! Moves that do not exist, each refused by the name of the rule.

use std::collections::BTreeSet;

use shop::database::refused_by;
use shop::id::{CaptureId, DisputeId, Id, PaymentId, RefundId};
use shop::machine::{Move, State};
use shop::payment::events::payment::DisputeChallenged;
use shop::payment::provider::fake::{Behaviour, FakeProvider, Finish};
use shop::payment::{
    Capture, CaptureState, DisputeState, PaymentState, RefundState, cancel_refund, capture, hear,
    move_dispute, open_dispute, refund,
};
use sqlx::{AssertSqlSafe, Postgres};

use crate::make::Make;
use crate::make::payment::{eur, refund_of};

/// From an object in `from` into every state: allowed by the table, or refused by name.
async fn from_here<S, I>(make: &Make, id: I, from: S, all: &[S], payment: PaymentId)
where
    S: State + sqlx::Type<Postgres> + for<'r> sqlx::Decode<'r, Postgres>,
    I: Id,
{
    let table = S::MACHINE.table;
    let sql =
        format!("SELECT to_state FROM {table}_transition WHERE from_state = '{}'", from.as_str());
    let allowed: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&make.db).await.unwrap();
    let allowed: BTreeSet<String> = allowed.into_iter().collect();
    let event = DisputeChallenged { payment, dispute: make.context.id() };
    for to in all {
        let at = format!("{table}: {} to {}", from.as_str(), to.as_str());
        let mut transaction = make.db.begin().await.unwrap();
        let moved = Move::new(id, &[from], *to).make(&mut transaction, &make.context, &event).await;
        if allowed.contains(to.as_str()) {
            assert!(moved.unwrap().is_some(), "{at}");
        } else {
            let error = moved.err().unwrap_or_else(|| panic!("{at} was not refused"));
            let rule = format!("{table}_history_move_allowed");
            assert_eq!(refused_by(&error), Some(rule.as_str()), "{at}");
        }
        transaction.rollback().await.unwrap();
    }
}

#[proofmark::test]
async fn no_other_move_of_a_payment_exists(make: Make) {
    let fake = make.fake();
    for &from in PaymentState::ALL {
        let payment = make.payment_in(from, &fake).await;
        from_here(&make, payment, from, PaymentState::ALL, payment).await;
    }
}

#[proofmark::test]
async fn no_other_move_of_a_capture_exists(make: Make) {
    let fake = make.fake();
    for (from, behaviour) in [
        (CaptureState::Pending, Behaviour::Pend),
        (CaptureState::Succeeded, Behaviour::Succeed),
        (CaptureState::Failed, Behaviour::Fail("no".parse().unwrap())),
    ] {
        let payment = make.payment_in(PaymentState::Authorized, &fake).await;
        fake.script([behaviour]);
        let all = Capture { payment, amount: None };
        let id: CaptureId = capture(&make.db, &make.context, &fake, all).await.unwrap().capture;
        from_here(&make, id, from, CaptureState::ALL, payment).await;
    }
}

#[proofmark::test]
async fn no_other_move_of_a_refund_exists(make: Make) {
    let fake = make.fake();
    for (from, behaviour) in [
        (RefundState::Pending, Behaviour::Pend),
        (RefundState::RequiresAction, Behaviour::RequireAction),
        (RefundState::Succeeded, Behaviour::Succeed),
        (RefundState::Failed, Behaviour::Fail("no".parse().unwrap())),
        (RefundState::Canceled, Behaviour::RequireAction),
    ] {
        let payment = make.purchased(&fake, eur(10_000)).await;
        fake.script([behaviour]);
        let request = refund_of(payment, eur(100));
        let id: RefundId = refund(&make.db, &make.context, &fake, &request).await.unwrap().refund;
        if from == RefundState::Canceled {
            cancel_refund(&make.db, &make.context, id).await.unwrap();
        }
        from_here(&make, id, from, RefundState::ALL, payment).await;
    }
}

#[proofmark::test]
async fn no_other_move_of_a_dispute_exists(make: Make) {
    let fake = make.fake();
    for &from in DisputeState::ALL {
        let payment = make.purchased(&fake, eur(10_000)).await;
        let mut connection = make.db.acquire().await.unwrap();
        let request = make.dispute_of(payment, eur(100));
        let id: DisputeId = open_dispute(&mut connection, &make.context, &request).await.unwrap();
        if from != DisputeState::Opened {
            move_dispute(&mut connection, &make.context, id, from).await.unwrap();
        }
        from_here(&make, id, from, DisputeState::ALL, payment).await;
    }
}

/// A late return is booked from `captured` only; elsewhere the books are left as they are.
#[proofmark::test]
async fn a_late_return_after_a_refund_is_left_to_a_person(make: Make) {
    let fake: FakeProvider = make.fake();
    let payment = make.payment_in(PaymentState::Authorized, &fake).await;
    let all = Capture { payment, amount: None };
    let taken = capture(&make.db, &make.context, &fake, all).await.unwrap();
    make.refund(&fake, payment, 4_000).await;
    fake.take_notices();
    fake.finish(taken.capture.uuid(), &Finish::Fail("returned".parse().unwrap()));
    for notice in fake.take_notices() {
        let heard = hear(&make.db, &make.context, &notice).await.unwrap();
        assert_eq!(heard, shop::payment::Heard::Waiting);
    }
    assert_eq!(make.state_of(payment).await, PaymentState::PartiallyRefunded);
}
