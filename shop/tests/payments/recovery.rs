//! The process ends anywhere in an operation; recovery brings the books and the provider
//! together.
//!
//! A future is dropped the n-th time it has to wait, for every n: before the first statement, in
//! the middle of each, with a COMMIT sent and unanswered, before the provider acts, after it has
//! acted and before we heard, and so on to the end. Nothing else runs on the victim's connection,
//! so every point at which a process can end between two of its messages is among them.

use std::pin::Pin;
use std::task::{Context as Waker, Poll};
use std::time::{Duration, Instant};

use shop::id::PaymentId;
use shop::payment::provider::fake::{Behaviour, FakeProvider, Gate, Moved};
use shop::payment::{
    Capture, CaptureMode, Outcome, PaymentState as P, Recovered, Void, authorize, capture,
    purchase, recover, refund, void,
};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::books::{agree, ours};
use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};

/// A future that ends without a result when it has to wait once too often.
struct Killed<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    waits_left: u32,
}

impl<T> Future for Killed<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Option<T>> {
        match self.future.as_mut().poll(waker) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending if self.waits_left == 0 => Poll::Ready(None),
            Poll::Pending => {
                self.waits_left -= 1;
                Poll::Pending
            }
        }
    }
}

/// Waits until no other session of the database is in the middle of something.
async fn quiet(make: &Make) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let busy: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND backend_type = 'client backend' AND state <> 'idle'",
        )
        .fetch_one(&make.db)
        .await
        .unwrap();
        if busy == 0 {
            return;
        }
        assert!(Instant::now() < end, "sessions of the victim do not end");
        tokio::task::yield_now().await;
    }
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Authorize,
    Purchase,
    Capture,
    Void,
    Refund,
}

impl Operation {
    /// A payment on which the operation is possible.
    async fn prepare(self, make: &Make, fake: &FakeProvider) -> PaymentId {
        match self {
            Self::Authorize => make.payment_in(P::RequiresPaymentMethod, fake).await,
            Self::Purchase => make.payment().captured(CaptureMode::Automatic).await,
            Self::Capture | Self::Void => make.payment_in(P::Authorized, fake).await,
            Self::Refund => make.payment_in(P::Captured, fake).await,
        }
    }

    /// The operation; whether it says that it has succeeded.
    async fn run(self, pool: &PgPool, make: &Make, fake: &FakeProvider, id: PaymentId) -> bool {
        let context = &make.context;
        match self {
            Self::Authorize => authorize(pool, context, fake, id, token())
                .await
                .is_ok_and(|done| done.outcome == Outcome::Authorized),
            Self::Purchase => purchase(pool, context, fake, id, token())
                .await
                .is_ok_and(|done| done.outcome == Outcome::Succeeded),
            Self::Capture => {
                capture(pool, context, fake, Capture { payment: id, amount: Some(eur(6_000)) })
                    .await
                    .is_ok_and(|done| done.outcome == Outcome::Succeeded)
            }
            Self::Void => void(pool, context, fake, Void { payment: id, amount: None })
                .await
                .is_ok_and(|done| done.outcome == Outcome::Succeeded),
            Self::Refund => refund(pool, context, fake, &refund_of(id, eur(7_000)))
                .await
                .is_ok_and(|done| done.outcome == Outcome::Succeeded),
        }
    }

    /// What has moved before it, and what after it.
    const fn moves(self) -> (Moved, Moved) {
        const fn sums(authorized: i64, captured: i64, voided: i64, refunded: i64) -> Moved {
            Moved { authorized, captured, voided, refunded }
        }
        match self {
            Self::Authorize => (sums(0, 0, 0, 0), sums(10_000, 0, 0, 0)),
            Self::Purchase => (sums(0, 0, 0, 0), sums(10_000, 10_000, 0, 0)),
            Self::Capture => (sums(10_000, 0, 0, 0), sums(10_000, 6_000, 0, 0)),
            Self::Void => (sums(10_000, 0, 0, 0), sums(10_000, 0, 10_000, 0)),
            Self::Refund => (sums(10_000, 10_000, 0, 0), sums(10_000, 10_000, 0, 7_000)),
        }
    }
}

async fn recovered(make: &Make, fake: &FakeProvider) -> Recovered {
    recover(&make.db, &make.context, fake, make.context.now()).await.unwrap()
}

/// Kills the operation at every point at which it waits. How often that is depends on how quickly
/// the server answers: it begins anew until it was killed on both sides of the first commit.
async fn kill_at_every_step(make: &Make, operation: Operation) {
    let fake = make.fake();
    let (before, after) = operation.moves();
    let (mut undone, mut done, mut waits_left) = (false, false, 0);
    for _ in 0..1_000 {
        let at = format!("{operation:?}, killed at wait {waits_left}");
        let payment = operation.prepare(make, &fake).await;
        let victim =
            PgPoolOptions::new().max_connections(1).connect(make.lease.url()).await.unwrap();
        let future = Box::pin(operation.run(&victim, make, &fake, payment));
        let ended = Killed { future, waits_left }.await;
        victim.close().await;
        quiet(make).await;

        let round = recovered(make, &fake).await;
        assert_eq!((round.unknown, round.waiting, round.contradictions), (0, 0, 0), "{at}");
        agree(make, &fake, payment, &at).await;
        let found = fake.moved(payment);
        assert!(found == before || found == after, "{at}: {found:?}");
        done |= ended.is_none() && found == after;
        undone |= ended.is_none() && found == before;
        assert_eq!(recovered(make, &fake).await, Recovered::default(), "{at}: a second round");

        // The customer, or the clerk, asks again: all in all it has happened once.
        if found == before {
            assert!(operation.run(&make.db, make, &fake, payment).await, "{at}: again");
        }
        assert_eq!(fake.moved(payment), after, "{at}: in the end");
        agree(make, &fake, payment, &at).await;
        waits_left += 1;
        if let Some(succeeded) = ended {
            assert!(succeeded, "{at}: it was not interrupted");
            if undone && done {
                return;
            }
            waits_left = 0;
        }
    }
    panic!("{operation:?} was never killed on one side of its first commit: {undone}, {done}");
}

#[proofmark::test]
async fn an_authorization_killed_at_any_step_happens_once_or_not_at_all(make: Make) {
    kill_at_every_step(&make, Operation::Authorize).await;
}

#[proofmark::test]
async fn a_purchase_killed_at_any_step_happens_once_or_not_at_all(make: Make) {
    kill_at_every_step(&make, Operation::Purchase).await;
}

#[proofmark::test]
async fn a_capture_killed_at_any_step_happens_once_or_not_at_all(make: Make) {
    kill_at_every_step(&make, Operation::Capture).await;
}

#[proofmark::test]
async fn a_void_killed_at_any_step_happens_once_or_not_at_all(make: Make) {
    kill_at_every_step(&make, Operation::Void).await;
}

#[proofmark::test]
async fn a_refund_killed_at_any_step_happens_once_or_not_at_all(make: Make) {
    kill_at_every_step(&make, Operation::Refund).await;
}

#[proofmark::test]
async fn recovery_itself_may_be_killed_at_any_step(make: Make) {
    let fake = make.fake();
    for waits_left in 0..1_000 {
        let at = format!("killed at wait {waits_left}");
        let payment = make.payment_in(P::Authorized, &fake).await;
        fake.script([Behaviour::TimeOutAfter]);
        let all = Capture { payment, amount: None };
        capture(&make.db, &make.context, &fake, all).await.unwrap();
        let victim =
            PgPoolOptions::new().max_connections(1).connect(make.lease.url()).await.unwrap();
        let now = make.context.now();
        let future = Box::pin(recover(&victim, &make.context, &fake, now));
        let ended = Killed { future, waits_left }.await;
        victim.close().await;
        quiet(&make).await;
        recovered(&make, &fake).await;
        agree(&make, &fake, payment, &at).await;
        assert_eq!(fake.moved(payment).captured, 10_000, "{at}");
        if ended.is_some() {
            return;
        }
    }
    panic!("recovery does not end");
}

#[proofmark::test]
async fn an_answer_that_does_not_come_is_asked_for_again(make: Make) {
    let fake = make.fake();
    for behaviour in [Behaviour::TimeOutBefore, Behaviour::TimeOutAfter] {
        for operation in [
            Operation::Authorize,
            Operation::Purchase,
            Operation::Capture,
            Operation::Void,
            Operation::Refund,
        ] {
            let at = format!("{operation:?}, {behaviour:?}");
            let payment = operation.prepare(&make, &fake).await;
            fake.script([behaviour.clone()]);
            assert!(!operation.run(&make.db, &make, &fake, payment).await, "{at}");
            // Nobody can ask for the same money a second time meanwhile.
            let claimed = ours(&make, payment).await;
            fake.script([Behaviour::TimeOutBefore]);
            let round = recovered(&make, &fake).await;
            assert_eq!((round.unknown, round.settled), (1, 0), "{at}");
            assert_eq!(ours(&make, payment).await, claimed, "{at}");
            let round = recovered(&make, &fake).await;
            assert_eq!((round.unknown, round.settled), (0, 1), "{at}");
            agree(&make, &fake, payment, &at).await;
            let (before, after) = operation.moves();
            let found = fake.moved(payment);
            // The token was not stored: an attempt of which the provider has not heard is given up.
            let lost = matches!(
                (operation, &behaviour),
                (Operation::Authorize | Operation::Purchase, Behaviour::TimeOutBefore)
            );
            assert_eq!(found, if lost { before } else { after }, "{at}");
        }
    }
}

#[proofmark::test(worker_threads = 2)]
async fn recovery_and_the_operation_may_both_bring_the_answer(make: Make) {
    let fake = make.fake();
    let payment = make.payment_in(P::Authorized, &fake).await;
    let gate = Gate::default();
    fake.script([Behaviour::HoldAfter(gate.clone())]);
    let before = fake.asked();
    let slow = tokio::spawn({
        let (make, fake) = (make.clone(), fake.clone());
        async move {
            let all = Capture { payment, amount: None };
            capture(&make.db, &make.context, &fake, all).await.unwrap()
        }
    });
    while fake.moved(payment).captured == 0 || fake.asked() == before {
        tokio::task::yield_now().await;
    }
    assert_eq!(recovered(&make, &fake).await.settled, 1);
    assert_eq!(make.state_of(payment).await, P::Captured);
    gate.open();
    assert_eq!(slow.await.unwrap().outcome, Outcome::Succeeded);
    agree(&make, &fake, payment, "both").await;
}

#[proofmark::test(worker_threads = 2)]
async fn an_attempt_that_recovery_gave_up_cannot_charge_later(make: Make) {
    let fake = make.fake();
    let payment = make.payment().await;
    let gate = Gate::default();
    fake.script([Behaviour::HoldBefore(gate.clone())]);
    let slow = tokio::spawn({
        let (make, fake) = (make.clone(), fake.clone());
        async move { authorize(&make.db, &make.context, &fake, payment, token()).await }
    });
    while fake.asked() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(recovered(&make, &fake).await.settled, 1);
    gate.open();
    assert_eq!(
        slow.await.unwrap().unwrap().outcome,
        Outcome::Declined { code: "not_heard".parse().unwrap() }
    );
    assert_eq!(make.state_of(payment).await, P::RequiresPaymentMethod);
    assert_eq!(fake.moved(payment), Moved::default());
    agree(&make, &fake, payment, "given up").await;
}
