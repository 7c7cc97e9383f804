//! Refunds: their sums, their lines, their late failures.

use shop::id::{Id as _, OrderId, OrderLineId, PaymentId};
use shop::payment::provider::fake::{Behaviour, FakeProvider, Finish};
use shop::payment::{
    CaptureMode, Outcome, PaymentState as P, Refund, RefundError, RefundLine, RefundReason,
    cancel_refund, hear, purchase, refund, resubmit_refund,
};

use super::books::{agree, hold, ours};
use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};

async fn deliver(make: &Make, fake: &FakeProvider) {
    for notice in fake.take_notices() {
        hear(&make.db, &make.context, &notice).await.unwrap();
    }
}

/// What hyperswitch's validator of refunds says: what was refunded before of a capture of 100, what
/// is asked for, and whether it is allowed.
#[proofmark::test]
async fn refunds_fold_as_those_of_hyperswitch_do(make: Make) {
    #[derive(Debug, Clone, Copy)]
    enum Before {
        Succeeded(i64),
        Pending(i64),
        Failed(i64),
    }
    use Before::{Failed, Pending, Succeeded};
    let cases: [(&[Before], i64, bool); 8] = [
        (&[], 100, true),
        (&[], 101, false),
        (&[Succeeded(70)], 30, true),
        (&[Succeeded(70)], 31, false),
        (&[Pending(100)], 1, false),
        (&[Failed(100), Failed(100)], 100, true),
        (&[Succeeded(40), Failed(60), Pending(30)], 30, true),
        (&[Succeeded(40), Failed(60), Pending(30)], 31, false),
    ];
    for (before, asked, allowed) in cases {
        let at = format!("{before:?}, then {asked}");
        let fake = make.fake();
        let payment = make.purchased(&fake, eur(100)).await;
        for step in before {
            let (behaviour, minor) = match *step {
                Succeeded(minor) => (Behaviour::Succeed, minor),
                Pending(minor) => (Behaviour::Pend, minor),
                Failed(minor) => (Behaviour::Fail("no_account".parse().unwrap()), minor),
            };
            fake.script([behaviour]);
            let request = refund_of(payment, eur(minor));
            refund(&make.db, &make.context, &fake, &request).await.unwrap();
        }
        let request = refund_of(payment, eur(asked));
        let result = refund(&make.db, &make.context, &fake, &request).await;
        if allowed {
            assert_eq!(result.unwrap().outcome, Outcome::Succeeded, "{at}");
        } else {
            assert!(matches!(result, Err(RefundError::ExceedsCaptured)), "{at}: {result:?}");
        }
        hold(&make, &at).await;
    }
}

#[proofmark::test]
async fn refunds_go_back_in_parts_until_nothing_is_left(make: Make) {
    let fake = make.fake();
    let payment = make.purchased(&fake, eur(10_000)).await;
    make.refund(&fake, payment, 2_500).await;
    assert_eq!(make.state_of(payment).await, P::PartiallyRefunded);
    make.refund(&fake, payment, 2_500).await;
    assert_eq!(make.state_of(payment).await, P::PartiallyRefunded);
    let rest = Refund { amount: None, ..refund_of(payment, eur(1)) };
    let refunded = refund(&make.db, &make.context, &fake, &rest).await.unwrap();
    assert_eq!(refunded.amount, eur(5_000));
    assert_eq!(make.state_of(payment).await, P::Refunded);
    let again = refund(&make.db, &make.context, &fake, &rest).await;
    assert!(matches!(again, Err(RefundError::WrongState(P::Refunded))), "{again:?}");
    agree(&make, &fake, payment, "all back").await;
}

#[proofmark::test]
async fn a_refund_keeps_its_reason_and_other_needs_a_note(make: Make) {
    let fake = make.fake();
    let payment = make.purchased(&fake, eur(10_000)).await;
    for &reason in RefundReason::ALL {
        let mut request = Refund { reason, ..refund_of(payment, eur(100)) };
        if reason == RefundReason::Other {
            let refused = refund(&make.db, &make.context, &fake, &request).await;
            assert!(matches!(refused, Err(RefundError::Unexplained)), "{refused:?}");
            request.note = Some("the cat sat on it".parse().unwrap());
        }
        let refunded = refund(&make.db, &make.context, &fake, &request).await.unwrap();
        assert_eq!((refunded.outcome, refunded.amount), (Outcome::Succeeded, eur(100)));
        let kept: (String, Option<String>) =
            sqlx::query_as("SELECT reason::text, note FROM refund WHERE id = $1")
                .bind(refunded.refund)
                .fetch_one(&make.db)
                .await
                .unwrap();
        let note = request.note.as_ref().map(|note| note.as_str().to_owned());
        assert_eq!(kept, (reason.as_str().to_owned(), note));
    }
    agree(&make, &fake, payment, "every reason").await;
}

#[proofmark::test]
async fn a_partly_captured_payment_is_refunded_and_its_rest_released(make: Make) {
    let fake = make.fake();
    let payment = make.payment_in(P::PartiallyCaptured, &fake).await;
    make.refund(&fake, payment, 4_000).await;
    assert_eq!(make.state_of(payment).await, P::Refunded);
    let rest = shop::payment::Void { payment, amount: None };
    shop::payment::void(&make.db, &make.context, &fake, rest).await.unwrap();
    assert_eq!(make.state_of(payment).await, P::Refunded);
    agree(&make, &fake, payment, "released").await;
}

#[proofmark::test]
async fn a_pending_refund_claims_its_money_and_settles_later(make: Make) {
    let fake = make.fake();
    let payment = make.purchased(&fake, eur(10_000)).await;
    fake.script([Behaviour::Pend]);
    let request = refund_of(payment, eur(10_000));
    let pending = refund(&make.db, &make.context, &fake, &request).await.unwrap();
    assert_eq!(pending.outcome, Outcome::Pending);
    assert_eq!(make.state_of(payment).await, P::Captured);
    let more = refund(&make.db, &make.context, &fake, &refund_of(payment, eur(1))).await;
    assert!(matches!(more, Err(RefundError::ExceedsCaptured)), "{more:?}");
    let rest = Refund { amount: None, ..refund_of(payment, eur(1)) };
    let rest = refund(&make.db, &make.context, &fake, &rest).await;
    assert!(matches!(rest, Err(RefundError::NothingLeft)), "{rest:?}");
    fake.finish(pending.refund.uuid(), &Finish::Succeed);
    deliver(&make, &fake).await;
    assert_eq!(make.state_of(payment).await, P::Refunded);
    agree(&make, &fake, payment, "settled").await;
}

#[proofmark::test]
async fn a_refund_that_fails_late_gives_its_money_back_to_the_payment(make: Make) {
    let fake = make.fake();
    let payment = make.purchased(&fake, eur(10_000)).await;
    let request = refund_of(payment, eur(3_000));
    let first = refund(&make.db, &make.context, &fake, &request).await.unwrap();
    let second = refund(&make.db, &make.context, &fake, &request).await.unwrap();
    let late = Finish::Fail("closed_account".parse().unwrap());
    fake.finish(second.refund.uuid(), &late);
    deliver(&make, &fake).await;
    assert_eq!(make.state_of(payment).await, P::PartiallyRefunded);
    fake.finish(first.refund.uuid(), &late);
    deliver(&make, &fake).await;
    assert_eq!(make.state_of(payment).await, P::Captured);
    assert_eq!(ours(&make, payment).await.refunded, 0);
    agree(&make, &fake, payment, "failed late").await;
}

#[proofmark::test]
async fn a_whole_refund_that_fails_late_is_still_owed(make: Make) {
    let fake = make.fake();
    let payment = make.purchased(&fake, eur(10_000)).await;
    let request = refund_of(payment, eur(10_000));
    let first = refund(&make.db, &make.context, &fake, &request).await.unwrap();
    fake.finish(first.refund.uuid(), &Finish::Fail("closed_account".parse().unwrap()));
    deliver(&make, &fake).await;
    assert_eq!(make.state_of(payment).await, P::Refunded);
    agree(&make, &fake, payment, "came back").await;
    let owed = sqlx::query_scalar("SELECT id FROM refund WHERE state = 'requires_action'")
        .fetch_one(&make.db)
        .await
        .unwrap();
    // It cannot be forgotten: called off, it is owed again.
    cancel_refund(&make.db, &make.context, owed).await.unwrap();
    let owed = sqlx::query_scalar("SELECT id FROM refund WHERE state = 'requires_action'")
        .fetch_one(&make.db)
        .await
        .unwrap();
    let done = resubmit_refund(&make.db, &make.context, &fake, owed).await.unwrap();
    assert_eq!((done.outcome, done.amount), (Outcome::Succeeded, eur(10_000)));
    assert_eq!(make.state_of(payment).await, P::Refunded);
    let again = resubmit_refund(&make.db, &make.context, &fake, owed).await;
    assert!(matches!(again, Err(RefundError::NotWaiting)), "{again:?}");
    agree(&make, &fake, payment, "paid in the end").await;
}

#[proofmark::test]
async fn a_refund_that_needs_action_is_called_off_or_submitted_again(make: Make) {
    let fake = make.fake();
    let payment = make.purchased(&fake, eur(10_000)).await;
    fake.script([Behaviour::RequireAction]);
    let request = refund_of(payment, eur(4_000));
    let waiting = refund(&make.db, &make.context, &fake, &request).await.unwrap();
    assert_eq!(waiting.outcome, Outcome::RequiresAction);
    cancel_refund(&make.db, &make.context, waiting.refund).await.unwrap();
    assert_eq!(make.state_of(payment).await, P::Captured);
    let twice = cancel_refund(&make.db, &make.context, waiting.refund).await;
    assert!(matches!(twice, Err(RefundError::NotWaiting)), "{twice:?}");
    agree(&make, &fake, payment, "called off").await;
}

/// An order of two lines of 20.00 and 5.00, paid.
async fn order_of_lines(make: &Make, fake: &FakeProvider) -> (PaymentId, [OrderLineId; 2]) {
    let variant = make.variant().await;
    let order: OrderId = make.context.id();
    let lines: [OrderLineId; 2] = [make.context.id(), make.context.id()];
    let mut transaction = make.db.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO orders (id, email, currency, tax_included, lines_subtotal, grand_total,
                             placed_at)
         VALUES ($1, 'ada@example.org', 'EUR', true, 2500, 2500, $2)",
    )
    .bind(order)
    .bind(make.context.now())
    .execute(&mut *transaction)
    .await
    .unwrap();
    for (line, price) in lines.iter().zip([2_000_i64, 500]) {
        sqlx::query(
            "INSERT INTO order_line (id, order_id, currency, tax_included, variant_id, sku, title,
                                     quantity, unit_price)
             VALUES ($1, $2, 'EUR', true, $3, 'MUG-1', 'Mug', 1, $4)",
        )
        .bind(line)
        .bind(order)
        .bind(variant)
        .bind(price)
        .execute(&mut *transaction)
        .await
        .unwrap();
    }
    transaction.commit().await.unwrap();
    let payment =
        make.payment().of(eur(2_500)).for_order(order).captured(CaptureMode::Automatic).await;
    purchase(&make.db, &make.context, fake, payment, token()).await.unwrap();
    (payment, lines)
}

#[proofmark::test]
async fn a_refund_names_its_lines_and_none_gets_back_more_than_it_cost(make: Make) {
    let fake = make.fake();
    let (payment, [dear, cheap]) = order_of_lines(&make, &fake).await;
    let (other, [foreign, _]) = order_of_lines(&make, &fake).await;
    let of = |minor, parts: &[(OrderLineId, i64)]| Refund {
        lines: parts
            .iter()
            .map(|&(order_line, minor)| RefundLine { order_line, amount: eur(minor) })
            .collect(),
        ..refund_of(payment, eur(minor))
    };
    let done = of(1_250, &[(cheap, 50), (dear, 1_200)]);
    refund(&make.db, &make.context, &fake, &done).await.unwrap();
    let cases = [
        ("more than the line cost", of(801, &[(dear, 801)]), "line"),
        ("more than the refund", of(100, &[(dear, 101)]), "amount"),
        ("a line twice", of(100, &[(dear, 10), (dear, 20)]), "twice"),
        ("a foreign line", of(100, &[(foreign, 10)]), "foreign"),
        ("nothing of a line", of(100, &[(dear, 0)]), "positive"),
    ];
    for (name, request, why) in cases {
        let error = refund(&make.db, &make.context, &fake, &request).await.unwrap_err();
        let expected = match why {
            "line" => matches!(error, RefundError::ExceedsLine),
            "amount" => matches!(error, RefundError::LinesExceedAmount),
            "twice" => matches!(error, RefundError::LineTwice),
            "foreign" => matches!(error, RefundError::ForeignLine),
            _ => matches!(error, RefundError::NotPositive),
        };
        assert!(expected, "{name}: {error:?}");
    }
    // A refund that fails gives the lines back what it had claimed of them.
    fake.script([Behaviour::Fail("closed_account".parse().unwrap())]);
    refund(&make.db, &make.context, &fake, &of(800, &[(dear, 800)])).await.unwrap();
    let rest = of(1_250, &[(dear, 800), (cheap, 450)]);
    refund(&make.db, &make.context, &fake, &rest).await.unwrap();
    assert_eq!(make.state_of(payment).await, P::Refunded);
    agree(&make, &fake, payment, "lines").await;
    agree(&make, &fake, other, "the other order").await;
}

#[proofmark::test]
async fn a_reason_of_its_own_needs_a_note(make: Make) {
    let fake = make.fake();
    let payment = make.purchased(&fake, eur(10_000)).await;
    let mut request = Refund { reason: RefundReason::Other, ..refund_of(payment, eur(100)) };
    let refused = refund(&make.db, &make.context, &fake, &request).await;
    assert!(matches!(refused, Err(RefundError::Unexplained)), "{refused:?}");
    request.note = Some("הידית שבורה\nboth".parse().unwrap());
    let done = refund(&make.db, &make.context, &fake, &request).await.unwrap();
    let note: String = sqlx::query_scalar("SELECT note FROM refund WHERE id = $1")
        .bind(done.refund)
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(note, "הידית שבורה\nboth");
}
