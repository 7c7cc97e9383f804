//! Stock-takes, write-offs, backorder limits.

use shop::id::{LocationId, VariantId};
use shop::inventory::{
    Basis, CorrectError, HoldError, SetBackorderLimit, SetBackorderLimitError, StockTake, Strategy,
    WriteOff, adjust, delete_location, find_level, set_backorder_limit, write_off,
};

use super::stage::{cart_with, held, hold_with, level, line, priced, units};
use crate::make::Make;

/// Whether an error is the one that is expected.
type Expected = fn(&CorrectError) -> bool;

fn count(make: &Make, at: LocationId, variant: VariantId, counted: i64, basis: Basis) -> StockTake {
    StockTake {
        operation: make.context.id(),
        location: at,
        variant,
        counted,
        basis,
        reason: "yearly count".parse().unwrap(),
    }
}

#[proofmark::test]
async fn a_count_writes_the_difference_and_not_the_number(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    // Ten were known when they were counted; two arrived and none went before it was written.
    make.receive(main, variant, 2).await;
    let found = count(&make, main, variant, 9, Basis::OnHand(10));
    assert_eq!(adjust(&make.db, &make.context, found.clone()).await.unwrap(), -1);
    assert_eq!(level(&make, main, variant).await, (11, 0, 0));
    let again = adjust(&make.db, &make.context, found).await;
    assert!(matches!(again, Err(CorrectError::AlreadyWritten)), "{again:?}");
    let more = count(&make, main, variant, 15, Basis::OnHand(11));
    assert_eq!(adjust(&make.db, &make.context, more).await.unwrap(), 4);
    let same = count(&make, main, variant, 15, Basis::OnHand(15));
    assert_eq!(adjust(&make.db, &make.context, same).await.unwrap(), 0);
    assert_eq!(level(&make, main, variant).await, (15, 0, 0));
}

#[proofmark::test]
async fn a_count_on_an_old_version_is_refused(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let mut connection = make.db.acquire().await.unwrap();
    let seen = find_level(&mut connection, main, variant).await.unwrap().unwrap();
    held(&make, variant, 1).await;
    let late = count(&make, main, variant, 9, Basis::Version(seen.version));
    let late = adjust(&make.db, &make.context, late).await;
    let now = seen.version + 1;
    assert!(matches!(late, Err(CorrectError::Changed { now: n }) if n == now), "{late:?}");
    let fresh = count(&make, main, variant, 9, Basis::Version(now));
    assert_eq!(adjust(&make.db, &make.context, fresh).await.unwrap(), -1);
    assert_eq!(level(&make, main, variant).await, (9, 1, 0));
}

#[proofmark::test]
async fn a_correction_that_cannot_be_is_refused_by_its_reason(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    held(&make, variant, 4).await;
    let unknown = make.context.id::<VariantId>();
    let ten = Basis::OnHand(10);
    let out_of_range: Expected = |error| matches!(error, CorrectError::CountOutOfRange);
    let not_found: Expected = |error| matches!(error, CorrectError::NotFound);
    let cases: [(&str, VariantId, i64, Basis, Expected); 10] = [
        ("less than is promised", variant, 3, ten, |e| matches!(e, CorrectError::Promised)),
        ("less than nothing", variant, 0, Basis::OnHand(11), |e| {
            matches!(e, CorrectError::MoreThanThereIs | CorrectError::Promised)
        }),
        ("negative", variant, -1, ten, out_of_range),
        ("beyond a movement", variant, 1_000_001, ten, out_of_range),
        ("beyond int4", variant, 1 << 32, ten, out_of_range),
        ("smallest", variant, i64::MIN, ten, out_of_range),
        ("known less than nothing", variant, 5, Basis::OnHand(-1), out_of_range),
        ("known too many", variant, 0, Basis::OnHand(i32::MAX), out_of_range),
        ("no level", unknown, 5, Basis::OnHand(0), not_found),
        ("no level by version", unknown, 5, Basis::Version(0), not_found),
    ];
    for (name, variant, counted, basis, expected) in cases {
        let request = count(&make, main, variant, counted, basis);
        let error = adjust(&make.db, &make.context, request).await.unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
    }
    let nothing = count(&make, main, unknown, 0, Basis::OnHand(0));
    let nothing = adjust(&make.db, &make.context, nothing).await;
    assert!(matches!(nothing, Err(CorrectError::NotFound)), "{nothing:?}");
    assert_eq!(level(&make, main, variant).await, (10, 4, 0));
}

#[proofmark::test]
async fn what_is_promised_is_not_written_off(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    held(&make, variant, 4).await;
    let loss = |quantity| WriteOff {
        operation: make.context.id(),
        location: main,
        variant,
        quantity: units(quantity),
        reason: "שבור".parse().unwrap(),
    };
    let much = write_off(&make.db, &make.context, loss(7)).await;
    assert!(matches!(much, Err(CorrectError::Promised)), "{much:?}");
    let six = loss(6);
    write_off(&make.db, &make.context, six.clone()).await.unwrap();
    let again = write_off(&make.db, &make.context, six).await;
    assert!(
        matches!(again, Err(CorrectError::AlreadyWritten | CorrectError::Promised)),
        "{again:?}"
    );
    let nowhere = WriteOff { location: make.context.id(), ..loss(1) };
    let nowhere = write_off(&make.db, &make.context, nowhere).await;
    assert!(matches!(nowhere, Err(CorrectError::NotFound)), "{nowhere:?}");
    assert_eq!(level(&make, main, variant).await, (4, 4, 0));
    let reason: String =
        sqlx::query_scalar("SELECT reason::text FROM stock_movement WHERE kind = 'write_off'")
            .fetch_one(&make.db)
            .await
            .unwrap();
    assert_eq!(reason, "שבור");
}

#[proofmark::test]
async fn a_backorder_limit_is_promised_and_no_more(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    let set = async |location, variant, limit| {
        let request = SetBackorderLimit { location, variant, limit };
        set_backorder_limit(&make.db, &make.context, request).await
    };
    set(main, variant, 3).await.unwrap();
    let cart = cart_with(&make, variant, 4).await;
    let much = hold_with(&make, cart, &[line(variant, 4)], Strategy::Split).await;
    assert!(matches!(much, Err(HoldError::OutOfStock { available: 3, .. })), "{much:?}");
    held(&make, variant, 3).await;
    assert_eq!(level(&make, main, variant).await, (0, 3, 0));

    let less = set(main, variant, 2).await;
    assert!(matches!(less, Err(SetBackorderLimitError::Promised)), "{less:?}");
    for limit in [-1, 1_000_001, 1 << 31, i64::MIN, i64::MAX] {
        let refused = set(main, variant, limit).await;
        assert!(matches!(refused, Err(SetBackorderLimitError::OutOfRange)), "{limit}: {refused:?}");
    }
    let closed = make.location().await;
    delete_location(&make.db, &make.context, closed).await.unwrap();
    for location in [closed, make.context.id()] {
        let refused = set(location, variant, 1).await;
        assert!(matches!(refused, Err(SetBackorderLimitError::LocationNotFound)), "{refused:?}");
    }
    let unknown = set(main, make.context.id(), 1).await;
    assert!(matches!(unknown, Err(SetBackorderLimitError::VariantNotFound)), "{unknown:?}");
}

#[proofmark::test]
async fn the_ledger_explains_every_level(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    adjust(&make.db, &make.context, count(&make, main, variant, 12, Basis::OnHand(10)))
        .await
        .unwrap();
    let loss = WriteOff {
        operation: make.context.id(),
        location: main,
        variant,
        quantity: units(5),
        reason: "broken".parse().unwrap(),
    };
    write_off(&make.db, &make.context, loss).await.unwrap();
    let ledger: Vec<(String, i32)> =
        sqlx::query_as("SELECT kind, delta FROM stock_movement ORDER BY id")
            .fetch_all(&make.db)
            .await
            .unwrap();
    let ledger: Vec<_> = ledger.iter().map(|(kind, delta)| (kind.as_str(), *delta)).collect();
    assert_eq!(ledger, [("receive", 10), ("adjust_up", 2), ("write_off", -5)]);
    assert_eq!(level(&make, main, variant).await, (7, 0, 0));
    let told: Vec<String> =
        sqlx::query_scalar("SELECT type FROM outbox WHERE type LIKE 'variant.stock%' ORDER BY seq")
            .fetch_all(&make.db)
            .await
            .unwrap();
    let expected =
        ["variant.stock_received", "variant.stock_adjusted", "variant.stock_written_off"];
    assert_eq!(told, expected);
}
