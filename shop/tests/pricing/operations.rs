//! Making and ending promotions, vouchers, ways of sending; and what is refused.

use chrono::Duration;
use shop::catalog::delete_product;
use shop::database::DatabaseError;
use shop::id::{Id as _, PromotionId, ShippingRateId, VoucherId};
use shop::money::{Currency, MAX_MINOR, Money};
use shop::pricing::{
    AddShippingMethodError, BasisPoints, BasisPointsError, CreatePromotion, CreatePromotionError,
    CreateVoucher, CreateVoucherError, DeletePromotionError, DeleteVoucherError,
    EndShippingRateError, LimitVoucherError, Offer, RetireShippingMethodError, Role,
    SetShippingRate, SetShippingRateError, VoucherCode, VoucherLimits, add_shipping_method,
    create_promotion, create_voucher, delete_promotion, delete_voucher, end_shipping_rate,
    limit_voucher, retire_shipping_method, set_shipping_rate,
};
use shop::value::{Country, TextError};

use super::{eur, id};
use crate::make::Make;

/// Its name, the request, and whether an error is the one.
type Refused<R, E> = (&'static str, R, fn(&E) -> bool);

fn wanted(make: &Make, offer: Offer) -> CreatePromotion {
    CreatePromotion {
        name: "Sale".parse().unwrap(),
        offer,
        minimums: Vec::new(),
        products: Vec::new(),
        priority: 0,
        stacking_group: None,
        needs_voucher: false,
        from: make.context.now(),
        until: None,
    }
}

async fn rows(make: &Make, table: &'static str) -> i64 {
    let count = match table {
        "promotion" => "SELECT count(*) FROM promotion",
        "voucher" => "SELECT count(*) FROM voucher",
        "shipping_rate" => "SELECT count(*) FROM shipping_rate",
        _ => "SELECT count(*) FROM outbox",
    };
    sqlx::query_scalar(count).fetch_one(&make.db).await.unwrap()
}

#[proofmark::test]
async fn a_promotion_that_cannot_be_is_refused_and_leaves_nothing(make: Make) {
    let yen = Money::new(100, Currency::JPY).unwrap();
    let gone = make.product().await;
    delete_product(&make.db, &make.context, gone).await.unwrap();
    let there = make.product().await;
    let now = make.context.now();
    let of = |offer| wanted(&make, offer);
    let about = |products| CreatePromotion { products, ..of(Offer::FreeShipping) };
    let cases: Vec<Refused<CreatePromotion, CreatePromotionError>> = vec![
        ("no amount", of(Offer::Amount(vec![])), |e| matches!(e, CreatePromotionError::NoAmount)),
        ("nothing off", of(Offer::Amount(vec![eur(0)])), |e| {
            matches!(e, CreatePromotionError::AmountNotPositive)
        }),
        ("negative", of(Offer::Amount(vec![eur(-5)])), |e| {
            matches!(e, CreatePromotionError::AmountNotPositive)
        }),
        ("one currency twice", of(Offer::Amount(vec![eur(1), yen, eur(2)])), |e| {
            matches!(e, CreatePromotionError::CurrencyTwice(Currency::EUR))
        }),
        (
            "a minimum without an amount",
            CreatePromotion { minimums: vec![yen], ..of(Offer::Amount(vec![eur(1)])) },
            |e| matches!(e, CreatePromotionError::NoAmount),
        ),
        (
            "two minimums",
            CreatePromotion { minimums: vec![yen, yen], ..of(Offer::FreeShipping) },
            |e| matches!(e, CreatePromotionError::CurrencyTwice(Currency::JPY)),
        ),
        (
            "a negative minimum",
            CreatePromotion { minimums: vec![eur(-1)], ..of(Offer::FreeShipping) },
            |e| matches!(e, CreatePromotionError::MinimumNegative),
        ),
        ("an unknown product", about(vec![(id(404), Role::Any)]), |e| {
            matches!(e, CreatePromotionError::UnknownProduct)
        }),
        ("a deleted product", about(vec![(gone, Role::Any), (there, Role::Any)]), |e| {
            matches!(e, CreatePromotionError::UnknownProduct)
        }),
        ("a product twice", about(vec![(there, Role::Get), (there, Role::Get)]), |e| {
            matches!(e, CreatePromotionError::ProductTwice)
        }),
        (
            "an end before the beginning",
            CreatePromotion { until: Some(now - Duration::days(1)), ..of(Offer::FreeShipping) },
            |e| matches!(e, CreatePromotionError::NeverValid),
        ),
        (
            "an end at the beginning",
            CreatePromotion { until: Some(now), ..of(Offer::FreeShipping) },
            |e| matches!(e, CreatePromotionError::NeverValid),
        ),
    ];
    for (name, request, expected) in cases {
        let error = create_promotion(&make.db, &make.context, request).await.unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
    }
    assert_eq!(rows(&make, "promotion").await, 0);
}

#[proofmark::test]
async fn a_promotion_of_the_largest_amounts_and_any_text_is_stored_unchanged(make: Make) {
    let most = eur(MAX_MINOR);
    let promotion = CreatePromotion {
        name: "مبيعات \u{202b}קיץ\u{202c} 夏".parse().unwrap(),
        minimums: vec![most],
        priority: i32::MIN,
        ..wanted(&make, Offer::Amount(vec![most]))
    };
    let name = promotion.name.clone();
    let made = create_promotion(&make.db, &make.context, promotion).await.unwrap();
    let stored: (String, i64, i64) = sqlx::query_as(
        "SELECT name, amount, min_subtotal FROM promotion JOIN promotion_amount ON promotion_id = id
          WHERE id = $1",
    )
    .bind(made)
    .fetch_one(&make.db)
    .await
    .unwrap();
    assert_eq!(stored, (name.to_string(), MAX_MINOR, MAX_MINOR));
}

#[test]
fn a_percentage_is_a_part_of_the_whole() {
    for points in [1, 9999, 10_000] {
        assert_eq!(BasisPoints::new(points).map(|part| i64::from(part.get())), Ok(points));
    }
    for points in [i64::MIN, -1, 0, 10_001, 1 << 32, i64::MAX] {
        assert_eq!(BasisPoints::new(points), Err(BasisPointsError), "{points}");
    }
}

#[test]
fn a_voucher_code_is_letters_digits_and_hyphens() {
    for code in ["abc", "SUMMER-2026", "0-0", &"x".repeat(64)] {
        assert_eq!(code.parse::<VoucherCode>().map(|code| code.to_string()), Ok(code.to_owned()));
    }
    for (code, error) in [
        ("", TextError::Blank),
        ("ab", TextError::Form),
        ("-abc", TextError::Form),
        ("ab c", TextError::Form),
        ("abc%", TextError::Form),
        ("שלום", TextError::Form),
        ("abc\0", TextError::Control),
        (&"x".repeat(65), TextError::TooLong { max: 64 }),
        (&"x".repeat(10_000_000), TextError::TooLong { max: 64 }),
    ] {
        let begin: String = code.chars().take(10).collect();
        assert_eq!(code.parse::<VoucherCode>(), Err(error), "{begin:?}");
    }
}

#[proofmark::test]
async fn a_promotion_ends_once(make: Make) {
    let promotion = make.promotion().await;
    make.clock.advance(Duration::seconds(-1));
    let error = delete_promotion(&make.db, &make.context, promotion).await.unwrap_err();
    assert!(matches!(error, DeletePromotionError::BeforeCreation), "{error:?}");
    make.clock.advance(Duration::seconds(1));
    delete_promotion(&make.db, &make.context, promotion).await.unwrap();
    for promotion in [promotion, PromotionId::from_uuid(uuid::Uuid::nil())] {
        let error = delete_promotion(&make.db, &make.context, promotion).await.unwrap_err();
        assert!(matches!(error, DeletePromotionError::NotFound), "{error:?}");
    }
}

fn issued(make: &Make, promotion: PromotionId, code: &str) -> CreateVoucher {
    CreateVoucher {
        promotion,
        code: code.parse().unwrap(),
        limits: VoucherLimits::default(),
        from: make.context.now(),
        until: None,
    }
}

#[proofmark::test]
async fn a_voucher_that_cannot_be_is_refused_and_leaves_nothing(make: Make) {
    let promotion = make.promotion().needing_a_voucher().await;
    let automatic = make.promotion().await;
    let ended = make.promotion().needing_a_voucher().await;
    delete_promotion(&make.db, &make.context, ended).await.unwrap();
    make.voucher().of(promotion).code("Summer").await;
    let now = make.context.now();
    let limited = |total, per_customer| CreateVoucher {
        limits: VoucherLimits { total, per_customer },
        ..issued(&make, promotion, "OTHER")
    };
    let cases: Vec<Refused<CreateVoucher, CreateVoucherError>> = vec![
        ("a code that is taken", issued(&make, promotion, "SUMMER"), |e| {
            matches!(e, CreateVoucherError::CodeTaken)
        }),
        ("an unknown promotion", issued(&make, id(404), "OTHER"), |e| {
            matches!(e, CreateVoucherError::UnknownPromotion)
        }),
        ("an ended promotion", issued(&make, ended, "OTHER"), |e| {
            matches!(e, CreateVoucherError::UnknownPromotion)
        }),
        ("a promotion for all", issued(&make, automatic, "OTHER"), |e| {
            matches!(e, CreateVoucherError::NeedsNone)
        }),
        ("no use", limited(Some(0), None), |e| matches!(e, CreateVoucherError::LimitNotPositive)),
        ("fewer", limited(Some(i32::MIN), None), |e| {
            matches!(e, CreateVoucherError::LimitNotPositive)
        }),
        ("no use per customer", limited(None, Some(0)), |e| {
            matches!(e, CreateVoucherError::LimitNotPositive)
        }),
        (
            "an end before the beginning",
            CreateVoucher { until: Some(now), ..issued(&make, promotion, "OTHER") },
            |e| matches!(e, CreateVoucherError::NeverValid),
        ),
    ];
    let (vouchers, events) = (rows(&make, "voucher").await, rows(&make, "outbox").await);
    for (name, request, expected) in cases {
        let error = create_voucher(&make.db, &make.context, request).await.unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
    }
    assert_eq!(rows(&make, "voucher").await, vouchers);
    assert_eq!(rows(&make, "outbox").await, events);
}

#[proofmark::test]
async fn what_happens_to_a_voucher_is_told_in_order(make: Make) {
    let voucher = make.voucher().code("ONCE").limited_to(1).per_customer(1).await;
    let more = VoucherLimits { total: Some(i32::MAX), per_customer: Some(2) };
    limit_voucher(&make.db, &make.context, voucher.id, more).await.unwrap();
    delete_voucher(&make.db, &make.context, voucher.id).await.unwrap();
    let told: Vec<(i32, String)> = sqlx::query_as(
        "SELECT seq, type FROM outbox WHERE aggregatetype = 'voucher' AND aggregateid = $1
          ORDER BY seq",
    )
    .bind(voucher.id)
    .fetch_all(&make.db)
    .await
    .unwrap();
    let types: Vec<&str> = told.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(types, ["voucher.created", "voucher.limited", "voucher.deleted"]);
    assert_eq!(told.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 2, 3]);
    let payloads: Vec<String> =
        sqlx::query_scalar("SELECT payload::text FROM outbox").fetch_all(&make.db).await.unwrap();
    assert!(payloads.iter().all(|payload| !payload.contains("ONCE")), "a code is for its holders");
    // Its code is free again.
    make.voucher().code("once").await;
}

#[proofmark::test]
async fn a_voucher_that_is_gone_cannot_be_changed(make: Make) {
    let voucher = make.voucher().await.id;
    make.clock.advance(Duration::seconds(-1));
    let error = delete_voucher(&make.db, &make.context, voucher).await.unwrap_err();
    assert!(matches!(error, DeleteVoucherError::BeforeCreation), "{error:?}");
    make.clock.advance(Duration::seconds(1));
    let counted = make.voucher().per_customer(1).await.id;
    for (voucher, total, per_customer) in [(voucher, Some(0), None), (counted, None, Some(-1))] {
        let limits = VoucherLimits { total, per_customer };
        let error = limit_voucher(&make.db, &make.context, voucher, limits).await.unwrap_err();
        assert!(matches!(error, LimitVoucherError::LimitNotPositive), "{limits:?}: {error:?}");
    }
    delete_voucher(&make.db, &make.context, voucher).await.unwrap();
    for voucher in [voucher, VoucherId::from_uuid(uuid::Uuid::nil())] {
        let error = delete_voucher(&make.db, &make.context, voucher).await.unwrap_err();
        assert!(matches!(error, DeleteVoucherError::NotFound), "{error:?}");
        let limits = VoucherLimits::default();
        let error = limit_voucher(&make.db, &make.context, voucher, limits).await.unwrap_err();
        assert!(matches!(error, LimitVoucherError::NotFound), "{error:?}");
    }
}

fn rate(make: &Make) -> SetShippingRate {
    SetShippingRate {
        method: "post".parse().unwrap(),
        country: Country::DE,
        subtotal_from: 0,
        subtotal_below: Some(5000),
        amount: eur(490),
        tax_included: true,
        from: make.context.now(),
        until: None,
    }
}

#[proofmark::test]
async fn a_rate_that_cannot_be_is_refused_and_leaves_nothing(make: Make) {
    make.shipping_rate().for_subtotals(0, Some(5000)).await;
    let now = make.context.now();
    let base = || rate(&make);
    let cases: Vec<Refused<SetShippingRate, SetShippingRateError>> = vec![
        ("an unknown way", SetShippingRate { method: "balloon".parse().unwrap(), ..base() }, |e| {
            matches!(e, SetShippingRateError::UnknownMethod)
        }),
        ("the same", base(), |e| matches!(e, SetShippingRateError::Overlaps)),
        (
            "a part of the range",
            SetShippingRate { subtotal_from: 4999, subtotal_below: None, ..base() },
            |e| matches!(e, SetShippingRateError::Overlaps),
        ),
        ("a range of nothing", SetShippingRate { subtotal_from: 5000, ..base() }, |e| {
            matches!(e, SetShippingRateError::NoSubtotal)
        }),
        ("a range backwards", SetShippingRate { subtotal_from: 9000, ..base() }, |e| {
            matches!(e, SetShippingRateError::NoSubtotal)
        }),
        ("a negative subtotal", SetShippingRate { subtotal_from: -1, ..base() }, |e| {
            matches!(e, SetShippingRateError::NoSubtotal)
        }),
        (
            "a negative amount",
            SetShippingRate {
                subtotal_from: 5000,
                subtotal_below: None,
                amount: eur(-1),
                ..base()
            },
            |e| matches!(e, SetShippingRateError::AmountNegative),
        ),
        ("an end before the beginning", SetShippingRate { until: Some(now), ..base() }, |e| {
            matches!(e, SetShippingRateError::NeverValid)
        }),
    ];
    for (name, request, expected) in cases {
        let error = set_shipping_rate(&make.db, &make.context, request).await.unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
    }
    assert_eq!(rows(&make, "shipping_rate").await, 1);
}

#[proofmark::test]
async fn the_next_rate_ends_the_one_before(make: Make) {
    let first = make.shipping_rate().for_subtotals(0, Some(5000)).await.id;
    make.clock.advance(Duration::days(1));
    let second = set_shipping_rate(&make.db, &make.context, rate(&make)).await.unwrap();
    make.clock.advance(Duration::days(1));
    let later = SetShippingRate { from: make.context.now() + Duration::days(1), ..rate(&make) };
    end_shipping_rate(&make.db, &make.context, second).await.unwrap();
    let planned = set_shipping_rate(&make.db, &make.context, later).await.unwrap();
    end_shipping_rate(&make.db, &make.context, planned).await.unwrap();
    assert_eq!(rows(&make, "shipping_rate").await, 2, "what never began is gone");
    for rate in [first, second, planned, ShippingRateId::from_uuid(uuid::Uuid::nil())] {
        let error = end_shipping_rate(&make.db, &make.context, rate).await.unwrap_err();
        assert!(matches!(error, EndShippingRateError::NotFound), "{error:?}");
    }
}

#[proofmark::test]
async fn a_way_of_sending_has_one_code_and_a_known_class(make: Make) {
    let (post, name) = ("post".parse().unwrap(), "Post".parse().unwrap());
    let standard = "standard".parse().unwrap();
    add_shipping_method(&make.db, &post, &name, &standard).await.unwrap();
    let error = add_shipping_method(&make.db, &post, &name, &standard).await.unwrap_err();
    assert!(matches!(error, AddShippingMethodError::CodeTaken), "{error:?}");
    let (other, luxury) = ("other".parse().unwrap(), "luxury".parse().unwrap());
    let error = add_shipping_method(&make.db, &other, &name, &luxury).await.unwrap_err();
    assert!(matches!(error, AddShippingMethodError::UnknownTaxClass), "{error:?}");
    retire_shipping_method(&make.db, &post).await.unwrap();
    for method in [post, other] {
        let error = retire_shipping_method(&make.db, &method).await.unwrap_err();
        assert!(matches!(error, RetireShippingMethodError::NotFound), "{error:?}");
    }
}

/// A typed error, and never one that says what is in the database.
#[proofmark::test]
async fn a_lost_connection_is_an_error_of_the_database(make: Make) {
    make.db.close().await;
    let promotion = wanted(&make, Offer::FreeShipping);
    let error = create_promotion(&make.db, &make.context, promotion).await.unwrap_err();
    let lost = matches!(error, CreatePromotionError::Database(DatabaseError::Unavailable(_)));
    assert!(lost, "{error:?}");
}
