//! Amounts, currencies, times and objects that are not right: a typed error each, nothing written.

use chrono::Duration;
use shop::money::{Currency, MAX_MINOR, Money, MoneyError};
use shop::payment::{
    AttemptError, Capture, CaptureError, CaptureMode, DisputeError, MethodType, PayWith,
    PaymentState as P, RefundError, Start, StartError, Void, VoidError, authorize, capture,
    move_dispute, open_dispute, purchase, refund, start, void,
};

use super::books::{agree, hold};
use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};

/// Whether an error is the one that is meant.
type Is = fn(&StartError) -> bool;

fn card(provider: &str) -> PayWith {
    PayWith::Once { method_type: MethodType::Card, provider: provider.parse().unwrap() }
}

#[proofmark::test]
async fn a_payment_that_is_not_right_is_not_begun(make: Make) {
    let order = make.order_of(eur(1_000), None).await;
    let usd = Money::new(100, Currency::USD).unwrap();
    let gift =
        PayWith::Once { method_type: MethodType::GiftCard, provider: "fake".parse().unwrap() };
    let good = Start {
        order,
        amount: eur(1_000),
        with: card("fake"),
        capture_mode: CaptureMode::Automatic,
        expires_at: None,
    };
    let now = make.context.now();
    let cases: Vec<(&str, Start, Is)> = vec![
        ("nothing", Start { amount: eur(0), ..good.clone() }, |error| {
            matches!(error, StartError::NotPositive)
        }),
        ("less than nothing", Start { amount: eur(-1), ..good.clone() }, |error| {
            matches!(error, StartError::NotPositive)
        }),
        ("more than the order", Start { amount: eur(1_001), ..good.clone() }, |error| {
            matches!(error, StartError::ExceedsTotal)
        }),
        ("the most there is", Start { amount: eur(MAX_MINOR), ..good.clone() }, |error| {
            matches!(error, StartError::ExceedsTotal)
        }),
        ("another currency", Start { amount: usd, ..good.clone() }, |error| {
            matches!(error, StartError::OtherCurrency)
        }),
        ("no order", Start { order: make.context.id(), ..good.clone() }, |error| {
            matches!(error, StartError::NoOrder)
        }),
        ("no provider", Start { with: card("nobody"), ..good.clone() }, |error| {
            matches!(error, StartError::NotTaken)
        }),
        ("not the provider's type", Start { with: gift, ..good.clone() }, |error| {
            matches!(error, StartError::WrongProvider)
        }),
        ("over already", Start { expires_at: Some(now), ..good.clone() }, |error| {
            matches!(error, StartError::ExpiresInThePast)
        }),
    ];
    for (name, request, is) in cases {
        let mut transaction = make.db.begin().await.unwrap();
        let error = start(&mut transaction, &make.context, &request).await.unwrap_err();
        assert!(is(&error), "{name}: {error:?}");
    }
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM payment").fetch_one(&make.db).await.unwrap();
    assert_eq!(rows, 0);
    assert_eq!(Money::new(MAX_MINOR + 1, Currency::EUR), Err(MoneyError::OutOfRange));
    assert_eq!(Money::new(i64::MIN, Currency::EUR), Err(MoneyError::OutOfRange));
    for code in ["", "EU", "eur", "EURO", "XTS", "XAU", "E\0R", "ЕUR"] {
        assert!(code.parse::<Currency>().is_err(), "{code:?}");
    }
}

#[proofmark::test]
async fn amounts_that_are_not_right_move_nothing(make: Make) {
    let fake = make.fake();
    let (db, context) = (&make.db, &make.context);
    let held = make.payment_in(P::Authorized, &fake).await;
    let taken = make.payment_in(P::Captured, &fake).await;
    let asked = fake.asked();
    let usd = Money::new(100, Currency::USD).unwrap();
    for (amount, name) in [
        (eur(0), "zero"),
        (eur(-1), "negative"),
        (usd, "currency"),
        (eur(10_001), "too much"),
        (eur(MAX_MINOR), "far too much"),
    ] {
        let request = Capture { payment: held, amount: Some(amount) };
        let error = capture(db, context, &fake, request).await.unwrap_err();
        let capture_is = match name {
            "zero" | "negative" => matches!(error, CaptureError::NotPositive),
            "currency" => matches!(error, CaptureError::OtherCurrency),
            _ => matches!(error, CaptureError::ExceedsAuthorized),
        };
        assert!(capture_is, "capture, {name}: {error:?}");
        let request = Void { payment: held, amount: Some(amount) };
        let error = void(db, context, &fake, request).await.unwrap_err();
        let void_is = match name {
            "zero" | "negative" => matches!(error, VoidError::NotPositive),
            "currency" => matches!(error, VoidError::OtherCurrency),
            _ => matches!(error, VoidError::ExceedsAuthorized),
        };
        assert!(void_is, "void, {name}: {error:?}");
        let error = refund(db, context, &fake, &refund_of(taken, amount)).await.unwrap_err();
        let refund_is = match name {
            "zero" | "negative" => matches!(error, RefundError::NotPositive),
            "currency" => matches!(error, RefundError::OtherCurrency),
            _ => matches!(error, RefundError::ExceedsCaptured),
        };
        assert!(refund_is, "refund, {name}: {error:?}");
        let mut transaction = db.begin().await.unwrap();
        let request = make.dispute_of(taken, amount);
        let error = open_dispute(&mut transaction, context, &request).await.unwrap_err();
        let dispute_is = match name {
            "zero" | "negative" => matches!(error, DisputeError::NotPositive),
            "currency" => matches!(error, DisputeError::OtherCurrency),
            _ => matches!(error, DisputeError::ExceedsCaptured),
        };
        assert!(dispute_is, "dispute, {name}: {error:?}");
    }
    assert_eq!(fake.asked(), asked, "the provider was not asked");
    agree(&make, &fake, held, "held").await;
    agree(&make, &fake, taken, "taken").await;
}

#[proofmark::test]
async fn money_of_any_number_of_digits_is_paid(make: Make) {
    let fake = make.fake();
    for (currency, minor) in [
        (Currency::JPY, 1_999),
        (Currency::EUR, 1_999),
        (Currency::KWD, 1_234),
        (Currency::CLF, 12_345),
        (Currency::EUR, MAX_MINOR),
        (Currency::JPY, 1),
    ] {
        let amount = Money::new(minor, currency).unwrap();
        let payment = make.purchased(&fake, amount).await;
        refund(&make.db, &make.context, &fake, &refund_of(payment, amount)).await.unwrap();
        assert_eq!(make.state_of(payment).await, P::Refunded, "{amount}");
        agree(&make, &fake, payment, &amount.to_string()).await;
    }
}

#[proofmark::test]
async fn an_amount_that_the_provider_cannot_write_is_not_asked_for(make: Make) {
    let fake = make.fake();
    sqlx::query(
        "UPDATE provider_currency SET multiple_of = 10 WHERE provider = 'fake' AND currency = 'KWD'",
    )
    .execute(&make.db)
    .await
    .unwrap();
    let amount = Money::new(1_234, Currency::KWD).unwrap();
    let payment = make.payment().of(amount).captured(CaptureMode::Automatic).await;
    let refused = purchase(&make.db, &make.context, &fake, payment, token()).await;
    assert!(matches!(refused, Err(AttemptError::Units(_))), "{refused:?}");
    assert_eq!(fake.asked(), 0);
    let amount = Money::new(1_230, Currency::KWD).unwrap();
    let payment = make.purchased(&fake, amount).await;
    let odd = Money::new(5, Currency::KWD).unwrap();
    let refused = refund(&make.db, &make.context, &fake, &refund_of(payment, odd)).await;
    assert!(matches!(refused, Err(RefundError::Units(_))), "{refused:?}");
    agree(&make, &fake, payment, "KWD").await;
}

#[proofmark::test]
async fn a_clock_that_goes_backwards_changes_no_money(make: Make) {
    let fake = make.fake();
    let (db, context) = (&make.db, &make.context);
    let until = make.context.now() + Duration::days(7);
    let payment = make.payment().expiring(until).await;
    make.clock.advance(Duration::hours(-3));
    authorize(db, context, &fake, payment, token()).await.unwrap();
    make.clock.advance(Duration::days(-3));
    make.capture(&fake, payment, 10_000).await;
    make.clock.advance(Duration::days(-3));
    make.refund(&fake, payment, 2_000).await;
    let mut transaction = db.begin().await.unwrap();
    let request = make.dispute_of(payment, eur(1_000));
    let dispute = open_dispute(&mut transaction, context, &request).await.unwrap();
    make.clock.advance(Duration::days(-3));
    let won = shop::payment::DisputeState::Won;
    move_dispute(&mut transaction, context, dispute, won).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(make.state_of(payment).await, P::PartiallyRefunded);
    agree(&make, &fake, payment, "backwards").await;
}

#[proofmark::test]
async fn an_expired_payment_is_neither_authorized_nor_captured(make: Make) {
    let fake = make.fake();
    let (db, context) = (&make.db, &make.context);
    let soon = make.context.now() + Duration::hours(1);
    let fresh = make.payment().expiring(soon).await;
    let held = make.payment().expiring(soon).await;
    authorize(db, context, &fake, held, token()).await.unwrap();
    make.clock.advance(Duration::hours(1));
    let refused = authorize(db, context, &fake, fresh, token()).await;
    assert!(matches!(refused, Err(AttemptError::Expired)), "{refused:?}");
    let all = Capture { payment: held, amount: None };
    let refused = capture(db, context, &fake, all).await;
    assert!(matches!(refused, Err(CaptureError::Expired)), "{refused:?}");
    hold(&make, "expired").await;
}
