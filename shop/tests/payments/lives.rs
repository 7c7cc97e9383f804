//! Whole lives: every move of every machine of a payment, taken by operations.

use std::collections::BTreeSet;

use chrono::Duration;
use shop::id::{Id as _, PaymentId};
use shop::payment::provider::Answer;
use shop::payment::provider::fake::{Behaviour, FakeProvider, Finish};
use shop::payment::{
    Capture, CaptureMode, DisputeState as D, News, Notice, PaymentState as P, authorize,
    cancel_refund, capture, hear, move_dispute, open_dispute, purchase, reauthorize, refund,
    resubmit_refund,
};
use sqlx::AssertSqlSafe;

use super::books::{agree, hold};
use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};

async fn deliver(make: &Make, fake: &FakeProvider) {
    for notice in fake.take_notices() {
        hear(&make.db, &make.context, &notice).await.unwrap();
    }
}

/// The moves that a machine allows and that nothing in this database has taken.
async fn not_taken(make: &Make, machine: &str) -> Vec<(String, String)> {
    let pairs = async |table: String| -> BTreeSet<(String, String)> {
        let sql = format!("SELECT from_state, to_state FROM {table}");
        let rows: Vec<(String, String)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&make.db).await.unwrap();
        rows.into_iter().collect()
    };
    let allowed = pairs(format!("{machine}_transition")).await;
    let taken = pairs(format!("{machine}_history")).await;
    allowed.difference(&taken).cloned().collect()
}

/// An attempt that waits, and how it ends.
async fn attempted(make: &Make, fake: &FakeProvider, mode: CaptureMode, steps: &[Finish]) {
    let at_once = mode == CaptureMode::Automatic;
    for first in [Behaviour::RequireAction, Behaviour::Pend] {
        let payment = make.payment().captured(mode).await;
        fake.script([first.clone()]);
        let asked = if at_once {
            purchase(&make.db, &make.context, fake, payment, token()).await.unwrap()
        } else {
            authorize(&make.db, &make.context, fake, payment, token()).await.unwrap()
        };
        for step in steps {
            fake.finish(asked.attempt.uuid(), step);
        }
        deliver(make, fake).await;
        agree(make, fake, payment, &format!("{first:?}, then {steps:?}")).await;
    }
}

async fn disputed(make: &Make, payment: PaymentId, steps: &[D]) {
    let mut connection = make.db.acquire().await.unwrap();
    let request = make.dispute_of(payment, eur(1_000));
    let dispute = open_dispute(&mut connection, &make.context, &request).await.unwrap();
    for step in steps {
        move_dispute(&mut connection, &make.context, dispute, *step).await.unwrap();
    }
    hold(make, &format!("{steps:?}")).await;
}

#[proofmark::test]
async fn every_move_of_a_payment_is_taken_by_operations(make: Make) {
    let fake = make.fake();
    let no = || "no".parse().unwrap();
    for &state in P::ALL {
        make.payment_in(state, &fake).await;
    }
    for mode in [CaptureMode::Manual, CaptureMode::Automatic] {
        attempted(&make, &fake, mode, &[Finish::Succeed]).await;
        attempted(&make, &fake, mode, &[Finish::Process, Finish::Succeed]).await;
        attempted(&make, &fake, mode, &[Finish::Decline(no())]).await;
        attempted(&make, &fake, mode, &[Finish::Fail(no())]).await;
    }
    for state in [P::RequiresPaymentMethod, P::RequiresAction] {
        let payment = make.payment_in(state, &fake).await;
        shop::payment::cancel(&make.db, &make.context, &fake, payment).await.unwrap();
    }
    let soon = make.context.now() + Duration::hours(1);
    for behaviour in [Behaviour::RequireAction, Behaviour::Succeed] {
        let payment = make.payment().expiring(soon).await;
        fake.script([behaviour]);
        authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    }
    make.clock.advance(Duration::hours(1));
    shop::payment::expire_due(&make.db, &make.context, &fake, 10).await.unwrap();

    let payment = make.payment_in(P::Authorized, &fake).await;
    reauthorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    for minor in [1_000, 2_000, 7_000] {
        make.capture(&fake, payment, minor).await;
    }
    let payment = make.payment_in(P::PartiallyCaptured, &fake).await;
    make.refund(&fake, payment, 1_000).await;
    make.refund(&fake, payment, 1_000).await;
    disputed(&make, payment, &[D::Won]).await;
    disputed(&make, make.payment_in(P::PartiallyCaptured, &fake).await, &[D::Canceled]).await;
    let payment = make.purchased(&fake, eur(10_000)).await;
    make.refund(&fake, payment, 1_000).await;
    make.refund(&fake, payment, 9_000).await;

    let payment = make.purchased(&fake, eur(10_000)).await;
    let request = refund_of(payment, eur(1_000));
    let back = refund(&make.db, &make.context, &fake, &request).await.unwrap();
    fake.finish(back.refund.uuid(), &Finish::Fail(no()));
    let payment = make.payment().captured(CaptureMode::Automatic).await;
    let bought = purchase(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    fake.finish(bought.attempt.uuid(), &Finish::Fail(no()));
    deliver(&make, &fake).await;

    assert_eq!(not_taken(&make, "payment").await, []);
    hold(&make, "every move").await;
}

#[proofmark::test]
async fn every_move_of_a_capture_is_taken_by_operations(make: Make) {
    let fake = make.fake();
    let payment = make.payment_in(P::Authorized, &fake).await;
    fake.script([Behaviour::Fail("no".parse().unwrap())]);
    let all = Capture { payment, amount: None };
    capture(&make.db, &make.context, &fake, all).await.unwrap();
    let taken = capture(&make.db, &make.context, &fake, all).await.unwrap();
    fake.finish(taken.capture.uuid(), &Finish::Fail("returned".parse().unwrap()));
    deliver(&make, &fake).await;
    assert_eq!(make.state_of(payment).await, P::Failed);
    assert_eq!(not_taken(&make, "capture").await, []);
    agree(&make, &fake, payment, "returned").await;
}

#[proofmark::test]
async fn every_move_of_a_refund_is_taken_by_operations(make: Make) {
    let fake = make.fake();
    let payment = make.purchased(&fake, eur(10_000)).await;
    let late = || Finish::Fail("late".parse().unwrap());
    let ask = async |behaviour| {
        fake.script([behaviour]);
        let request = refund_of(payment, eur(100));
        refund(&make.db, &make.context, &fake, &request).await.unwrap().refund
    };
    let failed_late = ask(Behaviour::Succeed).await;
    fake.finish(failed_late.uuid(), &late());
    ask(Behaviour::Fail("no".parse().unwrap())).await;
    for end in [Finish::Succeed, late()] {
        let waiting = ask(Behaviour::RequireAction).await;
        fake.finish(waiting.uuid(), &end);
    }
    deliver(&make, &fake).await;
    cancel_refund(&make.db, &make.context, ask(Behaviour::RequireAction).await).await.unwrap();
    let again = ask(Behaviour::RequireAction).await;
    resubmit_refund(&make.db, &make.context, &fake, again).await.unwrap();
    let canceled = Notice {
        provider: "fake".parse().unwrap(),
        event: "evt_canceled".parse().unwrap(),
        occurred_at: make.context.now(),
        news: News::Refund { refund: ask(Behaviour::Pend).await, became: Answer::Canceled },
    };
    hear(&make.db, &make.context, &canceled).await.unwrap();
    assert_eq!(not_taken(&make, "refund").await, []);
    hold(&make, "every move").await;
}

#[proofmark::test]
async fn every_move_of_a_dispute_is_taken_by_operations(make: Make) {
    let fake = make.fake();
    let lives: &[(&[D], P)] = &[
        (&[D::Accepted], P::ChargedBack),
        (&[D::Won], P::Captured),
        (&[D::Lost], P::ChargedBack),
        (&[D::Expired], P::ChargedBack),
        (&[D::Canceled], P::Captured),
        (&[D::Challenged, D::Accepted], P::ChargedBack),
        (&[D::Challenged, D::Won], P::Captured),
        (&[D::Challenged, D::Lost], P::ChargedBack),
        (&[D::Challenged, D::Canceled], P::Captured),
    ];
    for (steps, end) in lives {
        let payment = make.purchased(&fake, eur(10_000)).await;
        disputed(&make, payment, steps).await;
        assert_eq!(make.state_of(payment).await, *end, "{steps:?}");
    }
    assert_eq!(not_taken(&make, "dispute").await, []);
}
