//! Notices of a provider that come twice, together, in the wrong order, or with our own answer.

use shop::id::{Id as _, PaymentId};
use shop::payment::provider::fake::{Behaviour, FakeProvider, Finish};
use shop::payment::{
    CaptureMode, Heard, Notice, Outcome, PaymentState, apply_due, authorize, hear, purchase,
    recover, refund,
};
use sqlx::PgPool;

use super::holds;
use super::payments::books_agree;
use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};

type On = (FakeProvider, PaymentId, Vec<Notice>);

/// The notices that wait, under names that no other schedule has used.
fn notices(make: &Make, fake: &FakeProvider) -> Vec<Notice> {
    let mut notices = fake.take_notices();
    for notice in &mut notices {
        notice.event = make.name("evt").parse().unwrap();
    }
    notices
}

/// A purchase whose answer was lost, and its notice.
async fn unanswered(make: &Make) -> On {
    let fake = make.fake();
    let payment = make.payment().captured(CaptureMode::Automatic).await;
    fake.script([Behaviour::TimeOutAfter]);
    let bought = purchase(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    assert_eq!(bought.outcome, Outcome::Unknown);
    let notices = notices(make, &fake);
    (fake, payment, notices)
}

async fn listen(make: &Make, db: &PgPool, notice: &Notice) -> Heard {
    hear(db, &make.context, notice).await.unwrap()
}

#[proofmark::test]
async fn a_notice_that_is_delivered_twice_is_applied_once(make: Make) {
    let explored = make
        .explore(
            async || unanswered(&make).await,
            async |db: PgPool, on: &On| listen(&make, &db, &on.2[0]).await,
            async |db: PgPool, on: &On| listen(&make, &db, &on.2[0]).await,
            async |(fake, payment, _): &On, a: &Heard, b: &Heard| {
                let heard = [*a, *b];
                assert!(heard.contains(&Heard::Applied), "{heard:?}");
                assert!(heard.contains(&Heard::Duplicate), "{heard:?}");
                assert_eq!(books_agree(&make, fake, *payment).await.captured, 10_000);
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn one_piece_of_news_under_two_names_counts_once(make: Make) {
    let explored = make
        .explore(
            async || unanswered(&make).await,
            async |db: PgPool, on: &On| listen(&make, &db, &on.2[0]).await,
            async |db: PgPool, on: &On| {
                let event = format!("{}-again", on.2[0].event).parse().unwrap();
                listen(&make, &db, &Notice { event, ..on.2[0].clone() }).await
            },
            async |(fake, payment, _): &On, a: &Heard, b: &Heard| {
                let heard = [*a, *b];
                assert!(heard.contains(&Heard::Applied), "{heard:?}");
                assert!(heard.contains(&Heard::Ignored), "{heard:?}");
                assert_eq!(books_agree(&make, fake, *payment).await.captured, 10_000);
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_notice_and_recovery_book_an_answer_once(make: Make) {
    let explored = make
        .explore(
            async || unanswered(&make).await,
            async |db: PgPool, on: &On| listen(&make, &db, &on.2[0]).await,
            async |db: PgPool, (fake, ..): &On| {
                recover(&db, &make.context, fake, make.context.now()).await.unwrap()
            },
            async |(fake, payment, _): &On, heard: &Heard, round: &_| {
                let shop::payment::Recovered { settled, contradictions, .. } = *round;
                assert_eq!(contradictions, 0);
                let by_notice = u32::from(*heard == Heard::Applied);
                assert_eq!(by_notice + settled, 1, "{heard:?}, {round:?}");
                assert_eq!(books_agree(&make, fake, *payment).await.captured, 10_000);
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn later_news_win_whichever_comes_first(make: Make) {
    let explored = make
        .explore(
            async || {
                let fake = make.fake();
                let payment = make.purchased(&fake, eur(10_000)).await;
                fake.take_notices();
                fake.script([Behaviour::Pend]);
                let request = refund_of(payment, eur(4_000));
                let asked = refund(&make.db, &make.context, &fake, &request).await.unwrap();
                let key = asked.refund.uuid();
                fake.finish(key, &Finish::Succeed);
                fake.finish(key, &Finish::Fail("closed_account".parse().unwrap()));
                let mut told = notices(&make, &fake);
                (fake, payment, told.split_off(told.len() - 2))
            },
            async |db: PgPool, on: &On| listen(&make, &db, &on.2[0]).await,
            async |db: PgPool, on: &On| listen(&make, &db, &on.2[1]).await,
            async |(fake, payment, _): &On, early: &Heard, late: &Heard| {
                assert!(matches!(early, Heard::Applied | Heard::Ignored), "{early:?}");
                assert_eq!(*late, Heard::Applied);
                assert_eq!(make.state_of(*payment).await, PaymentState::Captured);
                assert_eq!(books_agree(&make, fake, *payment).await.refunded, 0);
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_challenge_and_its_end_come_together(make: Make) {
    let explored = make
        .explore(
            async || {
                let fake = make.fake();
                let payment = make.payment().await;
                fake.script([Behaviour::RequireAction]);
                let asked =
                    authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
                fake.take_notices();
                fake.finish(asked.attempt.uuid(), &Finish::Process);
                fake.finish(asked.attempt.uuid(), &Finish::Succeed);
                let notices = notices(&make, &fake);
                (fake, payment, notices)
            },
            async |db: PgPool, on: &On| listen(&make, &db, &on.2[0]).await,
            async |db: PgPool, on: &On| listen(&make, &db, &on.2[1]).await,
            async |(fake, payment, _): &On, _: &Heard, last: &Heard| {
                assert_eq!(*last, Heard::Applied);
                assert_eq!(make.state_of(*payment).await, PaymentState::Authorized);
                books_agree(&make, fake, *payment).await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_notice_that_waits_is_applied_by_one_of_two_workers(make: Make) {
    let explored = make
        .explore(
            async || {
                // Heard before the shop knew of the dispute that it is about.
                let fake = make.fake();
                let payment = make.purchased(&fake, eur(10_000)).await;
                fake.take_notices();
                let name = make.name("dp");
                fake.dispute(payment, eur(10_000), &name, chrono::TimeDelta::days(7));
                fake.decide(&name, shop::payment::DisputeState::Challenged);
                let notices = notices(&make, &fake);
                assert_eq!(listen(&make, &make.db, &notices[1]).await, Heard::Waiting);
                assert_eq!(listen(&make, &make.db, &notices[0]).await, Heard::Applied);
                make.clock.advance(chrono::TimeDelta::minutes(2));
                (fake, payment, notices)
            },
            async |db: PgPool, _: &On| apply_due(&db, &make.context, 10).await.unwrap(),
            async |db: PgPool, _: &On| apply_due(&db, &make.context, 10).await.unwrap(),
            async |(_, payment, _): &On, a: &Vec<Heard>, b: &Vec<Heard>| {
                let applied = a.iter().chain(b).filter(|heard| **heard == Heard::Applied).count();
                assert_eq!(applied, 1, "{a:?}, {b:?}");
                let state: String =
                    sqlx::query_scalar("SELECT state::text FROM dispute WHERE payment_id = $1")
                        .bind(payment)
                        .fetch_one(&make.db)
                        .await
                        .unwrap();
                assert_eq!(state, "challenged");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}
