//! Which price holds, and how one follows another.

use chrono::{DateTime, Duration, Utc};
use shop::catalog::{
    CreatePriceList, CreatePriceListError, ListingQuery, PriceQuery, ProductStatus, SetPrice,
    SetPriceError, SetTaxRule, SetTaxRuleError, TaxRate, TaxRateError, browse, create_price_list,
    delete_variant, find_price, set_price, set_tax_rule,
};
use shop::context::Clock as _;
use shop::id::VariantId;
use shop::money::{Currency, Money};
use shop::value::{Country, Quantity};

use crate::make::Make;

/// Whether an error is the one that is expected.
type Expected = fn(&SetPriceError) -> bool;

fn euros(minor: i64) -> Money {
    Money::new(minor, Currency::EUR).unwrap()
}

fn price_of(variant: VariantId, minor: i64, from: DateTime<Utc>) -> SetPrice {
    SetPrice {
        variant,
        price_list: "default".parse().unwrap(),
        min_quantity: Quantity::ONE,
        amount: euros(minor),
        tax_included: true,
        from,
        until: None,
    }
}

/// What one unit of a variant costs.
async fn cost(make: &Make, variant: VariantId, list: &str, units: i64, at: DateTime<Utc>) -> i64 {
    let query = PriceQuery {
        variant,
        currency: Currency::EUR,
        price_list: list.parse().unwrap(),
        tax_included: true,
        quantity: Quantity::new(units).unwrap(),
        at,
    };
    let mut connection = make.db.acquire().await.unwrap();
    find_price(&mut connection, &query).await.unwrap().map_or(-1, |price| price.amount.minor())
}

#[proofmark::test]
async fn a_price_ends_when_the_next_begins_and_a_planned_one_stays(make: Make) {
    let start = make.clock.now();
    let variant = make.variant().priced(euros(1000)).await;
    let (day, week) = (start + Duration::days(1), start + Duration::days(7));
    set_price(&make.db, &make.context, price_of(variant, 700, week)).await.unwrap();
    set_price(&make.db, &make.context, price_of(variant, 900, day)).await.unwrap();
    for (at, expected) in [
        (start - Duration::seconds(1), -1),
        (start, 1000),
        (day - Duration::microseconds(1), 1000),
        (day, 900),
        (week - Duration::microseconds(1), 900),
        (week, 700),
        (week + Duration::days(3650), 700),
    ] {
        assert_eq!(cost(&make, variant, "default", 1, at).await, expected, "{at}");
    }
}

#[proofmark::test]
async fn a_price_that_begins_when_another_does_is_refused(make: Make) {
    let start = make.clock.now();
    let variant = make.variant().priced(euros(1000)).await;
    let again = set_price(&make.db, &make.context, price_of(variant, 900, start)).await;
    assert!(matches!(again, Err(SetPriceError::Overlaps)), "{again:?}");
    let (day, week) = (start + Duration::days(1), start + Duration::days(7));
    set_price(&make.db, &make.context, price_of(variant, 700, day)).await.unwrap();
    let across =
        SetPrice { until: Some(week), ..price_of(variant, 800, start + Duration::hours(1)) };
    let across = set_price(&make.db, &make.context, across).await;
    assert!(matches!(across, Err(SetPriceError::Overlaps)), "{across:?}");
    assert_eq!(cost(&make, variant, "default", 1, start + Duration::hours(2)).await, 1000);
}

#[proofmark::test]
async fn a_price_that_cannot_be_is_refused_by_its_reason(make: Make) {
    let now = make.clock.now();
    let variant = make.variant().await;
    let gone = make.variant().await;
    delete_variant(&make.db, &make.context, gone).await.unwrap();
    let good = price_of(variant, 1000, now);
    let cases: [(&str, SetPrice, Expected); 7] = [
        ("negative", SetPrice { amount: euros(-1), ..good.clone() }, |error| {
            matches!(error, SetPriceError::AmountOutOfRange)
        }),
        ("too much", SetPrice { amount: euros(1_000_000_000_000), ..good.clone() }, |error| {
            matches!(error, SetPriceError::AmountOutOfRange)
        }),
        ("no list", SetPrice { price_list: "x".parse().unwrap(), ..good.clone() }, |error| {
            matches!(error, SetPriceError::UnknownPriceList)
        }),
        ("empty time", SetPrice { until: Some(now), ..good.clone() }, |error| {
            matches!(error, SetPriceError::NeverValid)
        }),
        (
            "ends first",
            SetPrice { until: Some(now - Duration::days(1)), ..good.clone() },
            |error| matches!(error, SetPriceError::NeverValid),
        ),
        ("deleted", SetPrice { variant: gone, ..good.clone() }, |error| {
            matches!(error, SetPriceError::VariantNotFound)
        }),
        ("unknown", SetPrice { variant: make.context.id(), ..good.clone() }, |error| {
            matches!(error, SetPriceError::VariantNotFound)
        }),
    ];
    for (name, request, expected) in cases {
        let error = set_price(&make.db, &make.context, request).await.unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
    }
    let prices: i64 =
        sqlx::query_scalar("SELECT count(*) FROM price").fetch_one(&make.db).await.unwrap();
    assert_eq!(prices, 0);
}

#[proofmark::test]
async fn a_price_of_every_exponent_is_kept_as_it_is(make: Make) {
    for currency in [Currency::EUR, Currency::JPY, Currency::KWD, Currency::CLF] {
        let amount = Money::new(123_456, currency).unwrap();
        let variant = make.variant().priced(amount).await;
        let query = PriceQuery {
            variant,
            currency,
            price_list: "default".parse().unwrap(),
            tax_included: true,
            quantity: Quantity::ONE,
            at: make.clock.now(),
        };
        let mut connection = make.db.acquire().await.unwrap();
        let price = find_price(&mut connection, &query).await.unwrap().unwrap();
        assert_eq!(price.amount, amount);
        let net = PriceQuery { tax_included: false, ..query };
        assert_eq!(find_price(&mut connection, &net).await.unwrap(), None);
    }
}

#[proofmark::test]
async fn the_list_that_is_asked_for_comes_first_and_the_highest_tier_reached(make: Make) {
    let trade = CreatePriceList { code: "trade".parse().unwrap(), name: "Trade".parse().unwrap() };
    create_price_list(&make.db, trade.clone()).await.unwrap();
    let taken = create_price_list(&make.db, trade).await;
    assert!(matches!(taken, Err(CreatePriceListError::CodeTaken)), "{taken:?}");
    let now = make.clock.now();
    let both = make
        .variant()
        .priced(euros(1000))
        .priced_from(10, euros(800))
        .priced_on("trade", euros(900));
    let (both, one) = (both.await, make.variant().priced(euros(50)).await);
    for (variant, list, units, expected) in [
        (both, "default", 1, 1000),
        (both, "default", 9, 1000),
        (both, "default", 10, 800),
        (both, "default", 100_000, 800),
        (both, "trade", 1, 900),
        (both, "trade", 10, 900),
        (one, "trade", 1, 50),
    ] {
        assert_eq!(cost(&make, variant, list, units, now).await, expected, "{list} {units}");
    }
}

#[proofmark::test]
async fn what_is_on_sale_is_listed_a_page_at_a_time(make: Make) {
    let first = make.variant().priced(euros(100)).in_stock(3).await;
    make.variant().in_stock(1).await; // Without a price.
    let archived = make.product().of_status(ProductStatus::Archived).await;
    make.variant().of(archived).priced(euros(100)).await;
    let second = make.variant().priced(euros(200)).untracked().await;
    let mut connection = make.db.acquire().await.unwrap();
    let mut query = ListingQuery {
        currency: Currency::EUR,
        price_list: "default".parse().unwrap(),
        tax_included: true,
        at: make.clock.now(),
        after: None,
        limit: 1,
    };
    let page = browse(&mut connection, &query).await.unwrap();
    assert_eq!((page[0].variant, page[0].available, page.len()), (first, Some(3), 1));
    query.after = Some(first);
    let page = browse(&mut connection, &query).await.unwrap();
    assert_eq!((page[0].variant, page[0].available, page.len()), (second, None, 1));
    query.after = Some(second);
    assert_eq!(browse(&mut connection, &query).await.unwrap(), []);
}

#[proofmark::test]
async fn a_tax_rule_follows_another_and_never_overlaps(make: Make) {
    let now = make.clock.now();
    let rule = SetTaxRule {
        tax_class: "standard".parse().unwrap(),
        country: Country::DE,
        region: None,
        rate: TaxRate::from_percent(19).unwrap(),
        from: now,
    };
    set_tax_rule(&make.db, &make.context, rule.clone()).await.unwrap();
    let same = set_tax_rule(&make.db, &make.context, rule.clone()).await;
    assert!(matches!(same, Err(SetTaxRuleError::Overlaps)), "{same:?}");
    let lower = SetTaxRule {
        rate: TaxRate::from_millionths(70_001).unwrap(),
        from: now + Duration::days(1),
        ..rule.clone()
    };
    set_tax_rule(&make.db, &make.context, lower.clone()).await.unwrap();
    let region = SetTaxRule { region: Some("by".parse().unwrap()), ..rule.clone() };
    set_tax_rule(&make.db, &make.context, region).await.unwrap();
    let rates: Vec<String> = sqlx::query_scalar(
        "SELECT rate::text FROM tax_rule WHERE region = '' ORDER BY lower(valid)",
    )
    .fetch_all(&make.db)
    .await
    .unwrap();
    assert_eq!(rates, ["0.190000", "0.070001"]);

    let unknown = SetTaxRule { tax_class: "luxury".parse().unwrap(), ..rule.clone() };
    let unknown = set_tax_rule(&make.db, &make.context, unknown).await;
    assert!(matches!(unknown, Err(SetTaxRuleError::UnknownTaxClass)), "{unknown:?}");
    let long = SetTaxRule { region: Some("abcdefghijk".parse().unwrap()), ..rule };
    let long = set_tax_rule(&make.db, &make.context, long).await;
    assert!(matches!(long, Err(SetTaxRuleError::RegionTooLong)), "{long:?}");
    for millionths in [i64::MIN, -1, 10_000_000, i64::MAX] {
        assert_eq!(TaxRate::from_millionths(millionths), Err(TaxRateError), "{millionths}");
    }
}
