//! Money that is taken or given back from two sides at once: it moves once, in our books and in
//! those of the provider.

use chrono::TimeDelta;
use shop::id::{DisputeId, PaymentId, StoreCreditId};
use shop::payment::provider::fake::{Behaviour, FakeProvider, Moved};
use shop::payment::provider::{InternalProvider, Source};
use shop::payment::{
    AttemptError, Attempted, Capture, CaptureError, CaptureMode, Captured, DisputeError,
    MethodType, Outcome, PayWith, PaymentState, RefundError, Refunded, Start, StartError, Void,
    VoidError, Voided, authorize, balance, capture, expire_due, issue_gift_card, open_dispute,
    purchase, recover, refund, start, void,
};
use sqlx::PgPool;

use super::stock::ahead;
use super::{holds, loser};
use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};

/// Our sums are the provider's, and every invariant holds.
pub async fn books_agree(make: &Make, fake: &FakeProvider, payment: PaymentId) -> Moved {
    let (authorized, captured, voided, refunded): (i64, i64, i64, i64) =
        sqlx::query_as("SELECT authorized, captured, voided, refunded FROM payment WHERE id = $1")
            .bind(payment)
            .fetch_one(&make.db)
            .await
            .unwrap();
    let ours = Moved { authorized, captured, voided, refunded };
    assert_eq!(ours, fake.moved(payment), "our books, and the provider's");
    make.invariants_hold().await;
    ours
}

/// A payment of 100.00 EUR that is held.
async fn held(make: &Make, mode: CaptureMode) -> (FakeProvider, PaymentId) {
    let fake = make.fake();
    let payment = make.payment().captured(mode).await;
    authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    (fake, payment)
}

async fn take(
    make: &Make,
    db: &PgPool,
    (fake, payment): &(FakeProvider, PaymentId),
    minor: Option<i64>,
) -> Result<Captured, CaptureError> {
    let request = Capture { payment: *payment, amount: minor.map(eur) };
    capture(db, &make.context, fake, request).await
}

type Took = Result<Captured, CaptureError>;

#[proofmark::test]
async fn money_is_captured_once(make: Make) {
    for mode in [CaptureMode::Manual, CaptureMode::ManualMultiple] {
        let explored = make
            .explore(
                async || held(&make, mode).await,
                async |db: PgPool, on| take(&make, &db, on, None).await,
                async |db: PgPool, on| take(&make, &db, on, None).await,
                async |(fake, payment), a: &Took, b: &Took| {
                    use CaptureError::{NotPositive, OnlyOnce, WrongState};
                    let told = loser(a, b);
                    assert!(matches!(told, WrongState(_) | NotPositive | OnlyOnce), "{told:?}");
                    assert_eq!(books_agree(&make, fake, *payment).await.captured, 10_000);
                    assert_eq!(fake.asked(), 2, "to hold, and to take");
                },
            )
            .await;
        holds(&explored);
    }
}

#[proofmark::test]
async fn two_parts_are_captured_within_what_is_held(make: Make) {
    let explored = make
        .explore(
            async || held(&make, CaptureMode::ManualMultiple).await,
            async |db: PgPool, on| take(&make, &db, on, Some(6_000)).await,
            async |db: PgPool, on| take(&make, &db, on, Some(5_000)).await,
            async |(fake, payment), a: &Took, b: &Took| {
                let told = loser(a, b);
                assert!(matches!(told, CaptureError::ExceedsAuthorized), "{told:?}");
                let captured = if a.is_ok() { 6_000 } else { 5_000 };
                assert_eq!(books_agree(&make, fake, *payment).await.captured, captured);
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn held_money_is_taken_or_given_up(make: Make) {
    let explored = make
        .explore(
            async || held(&make, CaptureMode::Manual).await,
            async |db: PgPool, on| take(&make, &db, on, None).await,
            async |db: PgPool, (fake, payment)| {
                let all = Void { payment: *payment, amount: None };
                void(&db, &make.context, fake, all).await
            },
            async |(fake, payment), taken: &Took, voided: &Result<Voided, VoidError>| {
                let moved = books_agree(&make, fake, *payment).await;
                match (taken, voided) {
                    (Ok(_), Err(VoidError::WrongState(_) | VoidError::NotPositive)) => {
                        assert_eq!((moved.captured, moved.voided), (10_000, 0));
                    }
                    (Err(CaptureError::WrongState(_) | CaptureError::NotPositive), Ok(_)) => {
                        assert_eq!((moved.captured, moved.voided), (0, 10_000));
                    }
                    both => panic!("{both:?}"),
                }
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn held_money_is_taken_or_expires(make: Make) {
    let explored = make
        .explore(
            async || {
                let fake = make.fake();
                let until = make.context.now() + TimeDelta::hours(1);
                let payment = make.payment().captured(CaptureMode::Manual).expiring(until).await;
                authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
                (fake, payment)
            },
            async |db: PgPool, on| take(&make, &db, on, None).await,
            async |db: PgPool, (fake, _)| {
                let later = ahead(&make, &db, TimeDelta::hours(2));
                expire_due(&later.db, &later.context, fake, 10).await.unwrap()
            },
            async |(fake, payment), taken: &Took, _: &_| {
                let moved = books_agree(&make, fake, *payment).await;
                match taken {
                    Ok(_) => assert_eq!((moved.captured, moved.voided), (10_000, 0)),
                    Err(CaptureError::WrongState(_) | CaptureError::NotPositive) => {
                        assert_eq!((moved.captured, moved.voided), (0, 10_000));
                    }
                    told => panic!("{told:?}"),
                }
            },
        )
        .await;
    holds(&explored);
}

type Bought = Result<Attempted, AttemptError>;

#[proofmark::test]
async fn a_purchase_that_is_asked_for_twice_is_made_once(make: Make) {
    let explored = make
        .explore(
            async || (make.fake(), make.payment().captured(CaptureMode::Automatic).await),
            async |db: PgPool, (fake, payment)| {
                purchase(&db, &make.context, fake, *payment, token()).await
            },
            async |db: PgPool, (fake, payment)| {
                purchase(&db, &make.context, fake, *payment, token()).await
            },
            async |(fake, payment), a: &Bought, b: &Bought| {
                let told = loser(a, b);
                let expected =
                    matches!(told, AttemptError::AttemptPending | AttemptError::WrongState(_));
                assert!(expected, "{told:?}");
                assert_eq!(books_agree(&make, fake, *payment).await.captured, 10_000);
                assert_eq!(fake.asked(), 1);
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn recovery_and_a_capture_that_got_no_answer_move_the_money_once(make: Make) {
    let explored = make
        .explore(
            async || {
                let on = held(&make, CaptureMode::Manual).await;
                on.0.script([Behaviour::TimeOutAfter]);
                let taken = take(&make, &make.db, &on, None).await.unwrap();
                assert_eq!(taken.outcome, Outcome::Unknown);
                on
            },
            async |db: PgPool, (fake, _)| {
                recover(&db, &make.context, fake, make.context.now()).await.unwrap().settled
            },
            async |db: PgPool, (fake, _)| {
                recover(&db, &make.context, fake, make.context.now()).await.unwrap().settled
            },
            async |(fake, payment), a: &u32, b: &u32| {
                assert_eq!(a + b, 1, "booked once");
                assert_eq!(books_agree(&make, fake, *payment).await.captured, 10_000);
            },
        )
        .await;
    holds(&explored);
}

type GaveBack = Result<Refunded, RefundError>;

#[proofmark::test]
async fn two_refunds_are_within_what_was_captured(make: Make) {
    let give = async |db: &PgPool, (fake, payment): &(FakeProvider, PaymentId), minor| {
        refund(db, &make.context, fake, &refund_of(*payment, eur(minor))).await
    };
    let explored = make
        .explore(
            async || {
                let fake = make.fake();
                let payment = make.purchased(&fake, eur(10_000)).await;
                (fake, payment)
            },
            async |db: PgPool, on| give(&db, on, 6_000).await,
            async |db: PgPool, on| give(&db, on, 5_000).await,
            async |(fake, payment), a: &GaveBack, b: &GaveBack| {
                let told = loser(a, b);
                assert!(matches!(told, RefundError::ExceedsCaptured), "{told:?}");
                let refunded = if a.is_ok() { 6_000 } else { 5_000 };
                assert_eq!(books_agree(&make, fake, *payment).await.refunded, refunded);
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn disputed_money_is_not_refunded_as_well(make: Make) {
    let explored = make
        .explore(
            async || {
                let fake = make.fake();
                let payment = make.purchased(&fake, eur(10_000)).await;
                (fake, payment, make.dispute_of(payment, eur(10_000)))
            },
            async |db: PgPool, (fake, payment, _)| {
                refund(&db, &make.context, fake, &refund_of(*payment, eur(6_000))).await
            },
            async |db: PgPool, (.., dispute)| {
                shop::transact!(&db, DisputeError, |connection| {
                    open_dispute(connection, &make.context, dispute).await
                })
            },
            async |(fake, payment, _),
                   back: &GaveBack,
                   dispute: &Result<DisputeId, DisputeError>| {
                let moved = books_agree(&make, fake, *payment).await;
                let disputed: i64 =
                    sqlx::query_scalar("SELECT disputed::bigint FROM payment WHERE id = $1")
                        .bind(payment)
                        .fetch_one(&make.db)
                        .await
                        .unwrap();
                assert!(moved.refunded + disputed <= 10_000, "{moved:?}, {disputed}");
                assert_eq!(moved.refunded, if back.is_ok() { 6_000 } else { 0 });
                assert_eq!(disputed, if dispute.is_ok() { 10_000 } else { 0 });
                match (back, dispute) {
                    (Ok(_), Err(told)) => {
                        assert!(!matches!(told, DisputeError::Database(_)), "{told:?}");
                    }
                    (Err(told), Ok(_)) => {
                        assert!(!matches!(told, RefundError::Database(_)), "{told:?}");
                    }
                    both => panic!("{both:?}"),
                }
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn an_order_is_not_paid_twice(make: Make) {
    let begin = async |db: &PgPool, order| -> Result<PaymentId, StartError> {
        let method_type = MethodType::Card;
        let request = Start {
            order,
            amount: eur(10_000),
            with: PayWith::Once { method_type, provider: "fake".parse().unwrap() },
            capture_mode: CaptureMode::Automatic,
            expires_at: None,
        };
        shop::transact!(db, StartError, |connection| {
            start(connection, &make.context, &request).await
        })
    };
    let explored = make
        .explore(
            async || make.order_of(eur(10_000), None).await,
            async |db: PgPool, order| begin(&db, *order).await,
            async |db: PgPool, order| begin(&db, *order).await,
            async |_, a: &Result<PaymentId, _>, b: &Result<PaymentId, _>| {
                let told = loser(a, b);
                assert!(matches!(told, StartError::ExceedsTotal), "{told:?}");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

/// A gift card of 100.00 EUR, and two payments that want 60.00 of it each.
async fn gift_card(make: &Make) -> (StoreCreditId, Source, [PaymentId; 2]) {
    let mut connection = make.db.acquire().await.unwrap();
    let (card, code) =
        issue_gift_card(&mut connection, &make.context, eur(10_000), None, None).await.unwrap();
    let provider = "internal".parse().unwrap();
    let with = PayWith::Once { method_type: MethodType::GiftCard, provider };
    let payment = async || {
        make.payment().of(eur(6_000)).with(with.clone()).captured(CaptureMode::Manual).await
    };
    (card, Source::GiftCard(code), [payment().await, payment().await])
}

#[proofmark::test]
async fn a_gift_card_is_not_spent_twice(make: Make) {
    let pay = async |db: &PgPool, payment, code: &Source| -> Bought {
        let internal = InternalProvider::new(db.clone(), make.context.clone());
        authorize(db, &make.context, &internal, payment, Some(code.clone())).await
    };
    let explored = make
        .explore(
            async || gift_card(&make).await,
            async |db: PgPool, (_, code, payments)| pay(&db, payments[0], code).await,
            async |db: PgPool, (_, code, payments)| pay(&db, payments[1], code).await,
            async |(card, _, payments), a: &Bought, b: &Bought| {
                let outcomes = [&a.as_ref().unwrap().outcome, &b.as_ref().unwrap().outcome];
                let refusal = Outcome::Declined { code: "insufficient_balance".parse().unwrap() };
                assert!(
                    outcomes == [&Outcome::Authorized, &refusal]
                        || outcomes == [&refusal, &Outcome::Authorized],
                    "{outcomes:?}"
                );
                let mut connection = make.db.acquire().await.unwrap();
                let left = balance(&mut connection, *card).await.unwrap();
                assert_eq!((left.held, left.available), (eur(6_000), eur(4_000)));
                for (payment, outcome) in payments.iter().zip(outcomes) {
                    let held = *outcome == Outcome::Authorized;
                    let state = make.state_of(*payment).await;
                    assert_eq!(state == PaymentState::Authorized, held, "{state}");
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}
