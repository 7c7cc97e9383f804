//! Stock that arrives, and the locations it arrives at.

use shop::catalog::delete_variant;
use shop::id::{LocationId, VariantId};
use shop::inventory::{
    CreateLocation, CreateLocationError, DeleteLocationError, Receive, ReceiveError, ReceivedLine,
    create_location, delete_location, receive,
};
use shop::value::{Country, Quantity};

use crate::make::Make;

/// Whether an error is the one that is expected.
type Expected = fn(&ReceiveError) -> bool;

fn line(variant: VariantId, units: i64) -> ReceivedLine {
    ReceivedLine { variant, quantity: Quantity::new(units).unwrap() }
}

async fn on_hand(make: &Make) -> i64 {
    sqlx::query_scalar("SELECT coalesce(sum(on_hand), 0) FROM stock_level")
        .fetch_one(&make.db)
        .await
        .unwrap()
}

#[proofmark::test]
async fn a_delivery_is_received_once_and_as_a_whole(make: Make) {
    let (location, one, two) =
        (make.main_location().await, make.variant().await, make.variant().await);
    let delivery = Receive {
        operation: make.context.id(),
        location,
        lines: vec![line(two, 5), line(one, 100_000)],
        reason: Some("delivery note 7".parse().unwrap()),
    };
    receive(&make.db, &make.context, delivery.clone()).await.unwrap();
    let again = receive(&make.db, &make.context, delivery).await;
    assert!(matches!(again, Err(ReceiveError::AlreadyReceived)), "{again:?}");
    assert_eq!(on_hand(&make).await, 100_005);
    let events: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM outbox WHERE type = 'variant.stock_received' AND seq = 2",
    )
    .fetch_one(&make.db)
    .await
    .unwrap();
    assert_eq!(events, 2);
}

#[proofmark::test]
async fn a_delivery_that_cannot_be_is_refused_and_writes_nothing(make: Make) {
    let (location, variant) = (make.main_location().await, make.variant().await);
    let (closed, gone) = (make.location().await, make.variant().await);
    delete_location(&make.db, &make.context, closed).await.unwrap();
    delete_variant(&make.db, &make.context, gone).await.unwrap();
    let good = || Receive {
        operation: make.context.id(),
        location,
        lines: vec![line(variant, 1)],
        reason: None,
    };
    let no_variant: Expected = |error| matches!(error, ReceiveError::VariantNotFound { .. });
    let no_location: Expected = |error| matches!(error, ReceiveError::LocationNotFound);
    let cases: [(&str, Receive, Expected); 6] = [
        ("deleted", Receive { lines: vec![line(variant, 1), line(gone, 1)], ..good() }, no_variant),
        ("unknown", Receive { lines: vec![line(make.context.id(), 1)], ..good() }, no_variant),
        ("closed", Receive { location: closed, ..good() }, no_location),
        ("nowhere", Receive { location: make.context.id::<LocationId>(), ..good() }, no_location),
        ("empty", Receive { lines: vec![], ..good() }, |error| {
            matches!(error, ReceiveError::Empty)
        }),
        ("twice", Receive { lines: vec![line(variant, 1), line(variant, 2)], ..good() }, |error| {
            matches!(error, ReceiveError::VariantTwice { .. })
        }),
    ];
    for (name, request, expected) in cases {
        let error = receive(&make.db, &make.context, request).await.unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
        assert_eq!(on_hand(&make).await, 0, "{name}");
    }
}

#[proofmark::test]
async fn a_location_goes_when_it_has_nothing(make: Make) {
    let main = make.location().code("main").await;
    let again = CreateLocation {
        code: "main".parse().unwrap(),
        name: "Another".parse().unwrap(),
        country: Country::FR,
        priority: i32::MAX,
    };
    let taken = create_location(&make.db, &make.context, again).await;
    assert!(matches!(taken, Err(CreateLocationError::CodeTaken)), "{taken:?}");

    make.variant().in_stock_at(main, 1).await;
    let used = delete_location(&make.db, &make.context, main).await;
    assert!(matches!(used, Err(DeleteLocationError::InUse)), "{used:?}");

    let empty = make.location().code("empty").await;
    make.clock.advance(chrono::Duration::hours(-1));
    let early = delete_location(&make.db, &make.context, empty).await;
    assert!(matches!(early, Err(DeleteLocationError::NotYetMade)), "{early:?}");
    make.clock.advance(chrono::Duration::hours(1));
    delete_location(&make.db, &make.context, empty).await.unwrap();
    let again = delete_location(&make.db, &make.context, empty).await;
    assert!(matches!(again, Err(DeleteLocationError::NotFound)), "{again:?}");
    make.location().code("empty").await;
}
