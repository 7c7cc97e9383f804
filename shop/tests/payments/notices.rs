//! Notices of the provider: twice, late, in any order, too early, about nobody.

use chrono::Duration;
use shop::id::{AttemptId, Id as _, PaymentId, RefundId};
use shop::payment::provider::Answer;
use shop::payment::provider::fake::{Behaviour, Finish, Gate};
use shop::payment::{
    DisputeState, HearError, Heard, News, Notice, Outcome, PaymentState as P, apply_due, authorize,
    hear, purchase, refund,
};

use super::books::{agree, hold};
use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};

async fn deliver(make: &Make, notices: &[Notice]) -> Vec<Heard> {
    let mut heard = Vec::new();
    for notice in notices {
        heard.push(hear(&make.db, &make.context, notice).await.unwrap());
    }
    heard
}

/// Every order of three things.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

#[proofmark::test]
async fn a_notice_counts_once_however_often_it_comes(make: Make) {
    let fake = make.fake();
    let payment = make.payment().await;
    fake.script([Behaviour::TimeOutAfter]);
    authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    let notices = fake.take_notices();
    assert_eq!(deliver(&make, &notices).await, [Heard::Applied]);
    assert_eq!(deliver(&make, &notices).await, [Heard::Duplicate]);
    // The same news under another id tell nothing new.
    let mut again = notices[0].clone();
    again.event = "evt_again".parse().unwrap();
    assert_eq!(deliver(&make, &[again]).await, [Heard::Ignored]);
    assert_eq!(make.state_of(payment).await, P::Authorized);
    agree(&make, &fake, payment, "twice").await;
}

#[proofmark::test]
async fn the_same_notice_at_the_same_time_is_applied_once(make: Make) {
    let fake = make.fake();
    let payment = make.payment().await;
    fake.script([Behaviour::TimeOutAfter]);
    authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    let notice = fake.take_notices().remove(0);
    let four = tokio::join!(
        hear(&make.db, &make.context, &notice),
        hear(&make.db, &make.context, &notice),
        hear(&make.db, &make.context, &notice),
        hear(&make.db, &make.context, &notice),
    );
    let heard = [four.0.unwrap(), four.1.unwrap(), four.2.unwrap(), four.3.unwrap()];
    assert_eq!(heard.iter().filter(|heard| **heard == Heard::Applied).count(), 1, "{heard:?}");
    assert_eq!(heard.iter().filter(|heard| **heard == Heard::Duplicate).count(), 3, "{heard:?}");
    agree(&make, &fake, payment, "at once").await;
}

#[proofmark::test]
async fn an_answer_after_its_notice_changes_nothing(make: Make) {
    let fake = make.fake();
    let payment = make.payment().await;
    let done = authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(done.outcome, Outcome::Authorized);
    assert_eq!(deliver(&make, &fake.take_notices()).await, [Heard::Ignored]);
    agree(&make, &fake, payment, "answer first").await;
}

#[proofmark::test]
async fn a_challenge_its_submission_and_its_end_come_in_any_order(make: Make) {
    for order in ORDERS {
        let fake = make.fake();
        let payment = make.payment().await;
        fake.script([Behaviour::RequireAction]);
        let asked = authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
        let key = asked.attempt.uuid();
        fake.finish(key, &Finish::Process);
        fake.finish(key, &Finish::Succeed);
        let mut notices = fake.take_notices();
        // Every fake counts its notices from 1; here they are all of one provider.
        for notice in &mut notices {
            notice.event = make.name("evt").parse().unwrap();
        }
        for place in order {
            deliver(&make, &[notices[place].clone()]).await;
        }
        assert_eq!(make.state_of(payment).await, P::Authorized, "{order:?}");
        agree(&make, &fake, payment, &format!("{order:?}")).await;
    }
}

#[proofmark::test]
async fn a_refund_that_failed_late_stays_failed_in_any_order(make: Make) {
    for order in ORDERS {
        let fake = make.fake();
        let payment = make.purchased(&fake, eur(10_000)).await;
        fake.take_notices();
        fake.script([Behaviour::Pend]);
        let request = refund_of(payment, eur(4_000));
        let refunded = refund(&make.db, &make.context, &fake, &request).await.unwrap();
        let key = refunded.refund.uuid();
        fake.finish(key, &Finish::Succeed);
        fake.finish(key, &Finish::Fail("closed_account".parse().unwrap()));
        let mut notices = fake.take_notices();
        for notice in &mut notices {
            notice.event = make.name("evt").parse().unwrap();
        }
        for place in order {
            deliver(&make, &[notices[place].clone()]).await;
        }
        assert_eq!(make.state_of(payment).await, P::Captured, "{order:?}");
        agree(&make, &fake, payment, &format!("{order:?}")).await;
    }
}

#[proofmark::test]
async fn earlier_news_never_undo_later_ones(make: Make) {
    let fake = make.fake();
    let payment = make.purchased(&fake, eur(10_000)).await;
    fake.script([Behaviour::RequireAction]);
    let request = refund_of(payment, eur(4_000));
    let refunded = refund(&make.db, &make.context, &fake, &request).await.unwrap();
    fake.take_notices();
    let reference = "fr_1".parse().unwrap();
    let news = |event: &str, second: i64, became| Notice {
        provider: "fake".parse().unwrap(),
        event: event.parse().unwrap(),
        occurred_at: make.context.now() + Duration::seconds(second),
        news: News::Refund { refund: refunded.refund, became },
    };
    let submitted = news("evt_late", 2, Answer::Pending { reference });
    let reference = "fr_1".parse().unwrap();
    let challenged = news("evt_early", 1, Answer::RequiresAction { reference });
    assert_eq!(deliver(&make, &[submitted, challenged]).await, [Heard::Applied, Heard::Ignored]);
    assert_eq!(refund_state(&make, refunded.refund).await, "pending");
    hold(&make, "overtaken").await;
}

async fn refund_state(make: &Make, refund: RefundId) -> String {
    sqlx::query_scalar("SELECT state FROM refund WHERE id = $1")
        .bind(refund)
        .fetch_one(&make.db)
        .await
        .unwrap()
}

#[proofmark::test]
async fn a_dispute_its_answer_and_its_end_come_in_any_order(make: Make) {
    for order in ORDERS {
        let fake = make.fake();
        let payment = make.purchased(&fake, eur(10_000)).await;
        fake.take_notices();
        let name = make.name("dp");
        fake.dispute(payment, eur(2_500), &name, Duration::days(7));
        fake.decide(&name, DisputeState::Challenged);
        fake.decide(&name, DisputeState::Won);
        let mut notices = fake.take_notices();
        for notice in &mut notices {
            notice.event = make.name("evt").parse().unwrap();
        }
        for place in order {
            deliver(&make, &[notices[place].clone()]).await;
        }
        for _ in 0..3 {
            make.clock.advance(Duration::seconds(10));
            apply_due(&make.db, &make.context, 10).await.unwrap();
        }
        assert_eq!(make.state_of(payment).await, P::Captured, "{order:?}");
        let state: String = sqlx::query_scalar("SELECT state FROM dispute WHERE payment_id = $1")
            .bind(payment)
            .fetch_one(&make.db)
            .await
            .unwrap();
        assert_eq!(state, "won", "{order:?}");
        agree(&make, &fake, payment, &format!("{order:?}")).await;
    }
}

#[proofmark::test(worker_threads = 2)]
async fn news_from_before_our_own_commit_wait_for_it(make: Make) {
    let fake = make.fake();
    let payment = make.payment().captured(shop::payment::CaptureMode::Automatic).await;
    let gate = Gate::default();
    fake.script([Behaviour::HoldAfter(gate.clone())]);
    let slow = tokio::spawn({
        let (make, fake) = (make.clone(), fake.clone());
        async move { purchase(&make.db, &make.context, &fake, payment, token()).await.unwrap() }
    });
    while fake.moved(payment).captured == 0 {
        tokio::task::yield_now().await;
    }
    // The bank disputes a purchase of which we have not heard that it has succeeded.
    fake.take_notices();
    fake.dispute(payment, eur(10_000), "dp_early", Duration::days(7));
    assert_eq!(deliver(&make, &fake.take_notices()).await, [Heard::Waiting]);
    assert_eq!(apply_due(&make.db, &make.context, 10).await.unwrap(), []);
    gate.open();
    assert_eq!(slow.await.unwrap().outcome, Outcome::Succeeded);
    make.clock.advance(Duration::seconds(1));
    assert_eq!(apply_due(&make.db, &make.context, 10).await.unwrap(), [Heard::Applied]);
    assert_eq!(make.state_of(payment).await, P::Disputed);
    hold(&make, "dispute").await;
}

#[proofmark::test]
async fn news_about_nobody_wait_and_are_then_left_to_a_person(make: Make) {
    let notice = Notice {
        provider: "fake".parse().unwrap(),
        event: "evt_nobody".parse().unwrap(),
        occurred_at: make.context.now(),
        news: News::Attempt { attempt: make.context.id::<AttemptId>(), became: Answer::Canceled },
    };
    assert_eq!(deliver(&make, std::slice::from_ref(&notice)).await, [Heard::Waiting]);
    let mut heard = Vec::new();
    for _ in 0..20 {
        make.clock.advance(Duration::hours(1));
        heard.extend(apply_due(&make.db, &make.context, 10).await.unwrap());
    }
    assert_eq!(heard.len(), 11, "{heard:?}");
    assert_eq!(heard.last(), Some(&Heard::Failed));
    assert_eq!(deliver(&make, &[notice]).await, [Heard::Duplicate]);
}

#[proofmark::test]
async fn news_of_an_unknown_provider_are_not_stored(make: Make) {
    let notice = Notice {
        provider: "nobody".parse().unwrap(),
        event: "evt_1".parse().unwrap(),
        occurred_at: make.context.now(),
        news: News::Attempt { attempt: make.context.id(), became: Answer::Canceled },
    };
    let refused = hear(&make.db, &make.context, &notice).await;
    assert!(matches!(refused, Err(HearError::NoProvider)), "{refused:?}");
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_received")
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[proofmark::test]
async fn one_provider_cannot_speak_about_the_payment_of_another(make: Make) {
    let fake = make.fake();
    let payment = make.payment().await;
    fake.script([Behaviour::TimeOutAfter]);
    authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    let mut notice = fake.take_notices().remove(0);
    notice.provider = "stripe".parse().unwrap();
    assert_eq!(deliver(&make, &[notice]).await, [Heard::Waiting]);
    assert_eq!(make.state_of(payment).await, P::RequiresPaymentMethod);
}

#[proofmark::test]
async fn news_that_contradict_the_books_change_nothing(make: Make) {
    let fake = make.fake();
    let payment: PaymentId = make.purchased(&fake, eur(10_000)).await;
    make.refund(&fake, payment, 6_000).await;
    fake.take_notices();
    // More is disputed than is left of the capture.
    fake.dispute(payment, eur(4_001), "dp_1", Duration::days(7));
    assert_eq!(deliver(&make, &fake.take_notices()).await, [Heard::Waiting]);
    assert_eq!(make.state_of(payment).await, P::PartiallyRefunded);
    agree(&make, &fake, payment, "contradiction").await;
}
