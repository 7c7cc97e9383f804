//! Gift cards and store credit.

use chrono::Duration;
use shop::id::{PaymentId, StoreCreditId};
use shop::money::{Currency, Money};
use shop::payment::provider::{InternalProvider, Source};
use shop::payment::{
    Capture, CaptureMode, CreditError, MethodType, Outcome, PayWith, PaymentState as P, Void,
    authorize, balance, capture, give_credit, issue_gift_card, purchase, recover, refund, void,
};

use super::books::hold;
use crate::make::Make;
use crate::make::payment::{eur, refund_of};

fn internal(make: &Make) -> InternalProvider {
    InternalProvider::new(make.db.clone(), make.context.clone())
}

async fn gift_card(make: &Make, minor: i64) -> (StoreCreditId, Option<Source>) {
    let mut connection = make.db.acquire().await.unwrap();
    let (id, code) =
        issue_gift_card(&mut connection, &make.context, eur(minor), None, None).await.unwrap();
    (id, Some(Source::GiftCard(code)))
}

async fn payment(make: &Make, minor: i64, mode: CaptureMode) -> PaymentId {
    let with =
        PayWith::Once { method_type: MethodType::GiftCard, provider: "internal".parse().unwrap() };
    make.payment().of(eur(minor)).with(with).captured(mode).await
}

/// Held, spent and available cents.
async fn sums(make: &Make, account: StoreCreditId) -> (i64, i64, i64) {
    let mut connection = make.db.acquire().await.unwrap();
    let found = balance(&mut connection, account).await.unwrap();
    (found.held.minor(), found.spent.minor(), found.available.minor())
}

#[proofmark::test]
async fn a_gift_card_is_held_spent_released_and_given_back(make: Make) {
    let internal = internal(&make);
    let (db, context) = (&make.db, &make.context);
    let (card, code) = gift_card(&make, 10_000).await;
    let first = payment(&make, 6_000, CaptureMode::ManualMultiple).await;
    authorize(db, context, &internal, first, code.clone()).await.unwrap();
    assert_eq!(sums(&make, card).await, (6_000, 0, 4_000));
    let part = Capture { payment: first, amount: Some(eur(2_000)) };
    capture(db, context, &internal, part).await.unwrap();
    assert_eq!(sums(&make, card).await, (4_000, 2_000, 4_000));
    void(db, context, &internal, Void { payment: first, amount: None }).await.unwrap();
    assert_eq!(sums(&make, card).await, (0, 2_000, 8_000));
    assert_eq!(make.state_of(first).await, P::Captured);
    refund(db, context, &internal, &refund_of(first, eur(500))).await.unwrap();
    assert_eq!(sums(&make, card).await, (0, 1_500, 8_500));
    let second = payment(&make, 8_500, CaptureMode::Automatic).await;
    let bought = purchase(db, context, &internal, second, code.clone()).await.unwrap();
    assert_eq!(bought.outcome, Outcome::Succeeded);
    assert_eq!(sums(&make, card).await, (0, 10_000, 0));
    let third = payment(&make, 1, CaptureMode::Automatic).await;
    let none = purchase(db, context, &internal, third, code).await.unwrap();
    let declined = Outcome::Declined { code: "insufficient_balance".parse().unwrap() };
    assert_eq!(none.outcome, declined);
    assert_eq!(make.state_of(third).await, P::RequiresPaymentMethod);
    hold(&make, "spent").await;
}

#[proofmark::test]
async fn two_payments_cannot_spend_the_same_money(make: Make) {
    let internal = internal(&make);
    let (db, context) = (&make.db, &make.context);
    let (card, code) = gift_card(&make, 10_000).await;
    let one = payment(&make, 6_000, CaptureMode::Automatic).await;
    let two = payment(&make, 6_000, CaptureMode::Automatic).await;
    let (first, second) = tokio::join!(
        purchase(db, context, &internal, one, code.clone()),
        purchase(db, context, &internal, two, code.clone()),
    );
    let outcomes = [first.unwrap().outcome, second.unwrap().outcome];
    let paid = outcomes.iter().filter(|outcome| **outcome == Outcome::Succeeded).count();
    assert_eq!(paid, 1, "{outcomes:?}");
    assert_eq!(sums(&make, card).await, (0, 6_000, 4_000));
    hold(&make, "race").await;
}

#[proofmark::test]
async fn an_account_that_is_unknown_expired_or_in_another_currency_pays_nothing(make: Make) {
    let internal = internal(&make);
    let (db, context) = (&make.db, &make.context);
    let soon = Some(make.context.now() + Duration::hours(1));
    let mut connection = make.db.acquire().await.unwrap();
    let (_, late) = issue_gift_card(&mut connection, context, eur(100), None, soon).await.unwrap();
    let yen = Money::new(10_000, Currency::JPY).unwrap();
    let (_, other) = issue_gift_card(&mut connection, context, yen, None, None).await.unwrap();
    make.clock.advance(Duration::hours(1));
    for (code, why) in [
        ("0123456789ABCDEF".parse().unwrap(), "unknown_account"),
        (late, "expired_account"),
        (other, "other_currency"),
    ] {
        let payment = payment(&make, 100, CaptureMode::Automatic).await;
        let source = Some(Source::GiftCard(code));
        let done = purchase(db, context, &internal, payment, source).await.unwrap();
        assert_eq!(done.outcome, Outcome::Declined { code: why.parse().unwrap() });
    }
    hold(&make, "nothing").await;
}

#[proofmark::test]
async fn an_account_is_opened_with_money_for_somebody_until_later(make: Make) {
    let mut connection = make.db.acquire().await.unwrap();
    let context = &make.context;
    for minor in [0, -1] {
        let refused = issue_gift_card(&mut connection, context, eur(minor), None, None).await;
        assert!(matches!(refused, Err(CreditError::NotPositive)), "{minor}: {refused:?}");
    }
    let now = Some(context.now());
    let refused = issue_gift_card(&mut connection, context, eur(1), None, now).await;
    assert!(matches!(refused, Err(CreditError::ExpiresInThePast)), "{refused:?}");
    let refused = give_credit(&mut connection, context, eur(1), context.id(), None).await;
    assert!(matches!(refused, Err(CreditError::NoCustomer)), "{refused:?}");
    let refused = balance(&mut connection, context.id()).await;
    assert!(matches!(refused, Err(CreditError::NotFound)), "{refused:?}");
}

/// The process ends between holding and taking: recovery takes what was promised, once.
#[proofmark::test]
async fn a_purchase_with_a_gift_card_is_finished_by_recovery(make: Make) {
    use shop::payment::provider::{Answer, Ask, AskError, Provider, Sensitive, Tokenized};
    use shop::payment::provider::{TokenizeError, What};

    /// Does what the internal provider does, and dies when a capture is asked for.
    #[derive(Debug)]
    struct Dying(InternalProvider);

    #[async_trait::async_trait]
    impl Provider for Dying {
        fn code(&self) -> &str {
            self.0.code()
        }

        fn purchases(&self) -> bool {
            false
        }

        async fn tokenize(&self, sensitive: Sensitive<'_>) -> Result<Tokenized, TokenizeError> {
            self.0.tokenize(sensitive).await
        }

        async fn ask(&self, ask: &Ask) -> Result<Answer, AskError> {
            let answer = self.0.ask(ask).await;
            if matches!(ask.what, What::Capture { .. }) { Err(AskError::TimedOut) } else { answer }
        }
    }

    let internal = internal(&make);
    let (card, code) = gift_card(&make, 10_000).await;
    let payment = payment(&make, 6_000, CaptureMode::Automatic).await;
    let dying = Dying(internal.clone());
    let done = purchase(&make.db, &make.context, &dying, payment, code).await.unwrap();
    assert_eq!(done.outcome, Outcome::Unknown);
    assert_eq!(make.state_of(payment).await, P::Authorized);
    for settled in [1, 0] {
        let now = make.context.now();
        let round = recover(&make.db, &make.context, &internal, now).await.unwrap();
        assert_eq!((round.settled, round.unknown), (settled, 0));
        assert_eq!(sums(&make, card).await, (0, 6_000, 4_000));
    }
    assert_eq!(make.state_of(payment).await, P::Captured);
    hold(&make, "recovered").await;
}
