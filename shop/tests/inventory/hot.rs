//! Holds of one variant that everybody wants.

use chrono::Duration;
use shop::id::{CartId, LocationId, VariantId};
use shop::inventory::{
    HotHold, HotHoldError, HotHolds, ReservationState, Strategy, delete_location, hold,
};

use super::stage::{cart_with, events_read_back, level, line, priced, states, units, until};
use crate::make::Make;

fn wish(make: &Make, at: LocationId, variant: VariantId, cart: CartId, quantity: i64) -> HotHold {
    HotHold { location: at, variant, cart, quantity: units(quantity), until: until(make) }
}

/// Many carts with so many of a variant each, written at once.
async fn crowd(make: &Make, variant: VariantId, carts: usize, quantity: i64) -> Vec<CartId> {
    let mut made = Vec::new();
    for _ in 0..carts {
        made.push(cart_with(make, variant, quantity).await);
    }
    made
}

#[proofmark::test]
async fn a_crowd_gets_what_there_is_and_no_more(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 30).await;
    let hot = HotHolds::new(make.db.clone(), make.context.clone());
    let mut tasks = tokio::task::JoinSet::new();
    for cart in crowd(&make, variant, 40, 1).await {
        let (hot, wish) = (hot.clone(), wish(&make, main, variant, cart, 1));
        tasks.spawn(async move { hot.hold(wish).await });
    }
    let (held, refused): (Vec<_>, Vec<_>) =
        tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((held.len(), refused.len()), (30, 10));
    for error in refused {
        let none_left = matches!(error, Err(HotHoldError::OutOfStock { available: 0 }));
        assert!(none_left, "{error:?}");
    }
    assert_eq!(level(&make, main, variant).await, (30, 30, 0));
    assert_eq!(events_read_back(&make).await.len(), 30);
    // Far fewer statements than holds: each raises the version once.
    let version: i64 =
        sqlx::query_scalar("SELECT version FROM stock_level").fetch_one(&make.db).await.unwrap();
    assert!(version < 15, "{version}");
}

/// More levels than there are lanes, so that holds of several share a statement.
#[proofmark::test]
async fn a_crowd_that_wants_many_things_gets_what_there_is_of_each(make: Make) {
    let main = make.main_location().await;
    let hot = HotHolds::new(make.db.clone(), make.context.clone());
    let mut tasks = tokio::task::JoinSet::new();
    let mut variants = Vec::new();
    for stock in [1, 2, 0, 3, 5, 2, 4, 1, 3, 2, 4, 0] {
        let variant = priced(&make).await;
        make.receive(main, variant, stock + 1).await;
        // The level exists also where nothing is free.
        let first = cart_with(&make, variant, 1).await;
        hot.hold(wish(&make, main, variant, first, 1)).await.unwrap();
        for cart in crowd(&make, variant, 3, 1).await {
            let (hot, wish) = (hot.clone(), wish(&make, main, variant, cart, 1));
            tasks.spawn(async move { (variant, hot.hold(wish).await) });
        }
        variants.push((variant, stock));
    }
    let answers = tasks.join_all().await;
    for (variant, stock) in variants {
        let of = answers.iter().filter(|(wanted, _)| *wanted == variant);
        let (held, refused): (Vec<_>, Vec<_>) =
            of.map(|(_, answer)| answer).partition(|answer| answer.is_ok());
        assert_eq!(i64::try_from(held.len()).unwrap(), stock.min(3), "of {stock}");
        for error in refused {
            let none_left = matches!(error, Err(HotHoldError::OutOfStock { available: 0 }));
            assert!(none_left, "{error:?}");
        }
        let (on_hand, reserved, allocated) = level(&make, main, variant).await;
        let all = (i64::from(on_hand), i64::from(reserved), allocated);
        assert_eq!(all, (stock + 1, stock.min(3) + 1, 0));
    }
}

#[proofmark::test]
async fn what_others_take_while_the_level_is_waited_for_is_not_given_again(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 5).await;
    let mut other = make.db.begin().await.unwrap();
    let first = cart_with(&make, variant, 3).await;
    let lines = [line(variant, 3)];
    hold(&mut other, &make.context, first, &lines, Strategy::Split, until(&make)).await.unwrap();
    let hot = HotHolds::new(make.db.clone(), make.context.clone());
    let late = wish(&make, main, variant, cart_with(&make, variant, 4).await, 4);
    let late = tokio::spawn(async move { hot.hold(late).await });
    // One that does not wait has an answer by then, which is wrong.
    while !late.is_finished() && !somebody_waits_for_a_lock(&make).await {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    other.commit().await.unwrap();
    let late = late.await.unwrap();
    assert!(matches!(late, Err(HotHoldError::OutOfStock { available: 2 })), "{late:?}");
    assert_eq!(level(&make, main, variant).await, (5, 3, 0));
}

async fn somebody_waits_for_a_lock(make: &Make) -> bool {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_stat_activity
                         WHERE datname = current_database() AND wait_event_type = 'Lock')",
    )
    .fetch_one(&make.db)
    .await
    .unwrap()
}

#[proofmark::test]
async fn a_hold_too_large_does_not_stand_in_the_way_of_a_small_one(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 5).await;
    let hot = HotHolds::new(make.db.clone(), make.context.clone());
    let large = wish(&make, main, variant, cart_with(&make, variant, 6).await, 6);
    let small = wish(&make, main, variant, cart_with(&make, variant, 5).await, 5);
    let (large, small) = tokio::join!(hot.hold(large), hot.hold(small));
    assert!(matches!(large, Err(HotHoldError::OutOfStock { available: 5 })), "{large:?}");
    assert_eq!(small.unwrap().quantity.get(), 5);
}

#[proofmark::test]
async fn each_caller_is_told_what_is_wrong_with_its_own_hold(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let hot = HotHolds::new(make.db.clone(), make.context.clone());
    let carts = crowd(&make, variant, 3, 1).await;
    let other = cart_with(&make, priced(&make).await, 1).await;
    let closed = carts[1];
    super::stage::ordered(&make, closed, variant).await;
    let good = wish(&make, main, variant, carts[0], 1);
    let past = HotHold { until: make.context.now(), ..wish(&make, main, variant, carts[2], 1) };
    let empty = make.location().await;
    let (good_one, twice, foreign, closed, unknown, past, nowhere) = tokio::join!(
        hot.hold(good),
        hot.hold(good),
        hot.hold(wish(&make, main, variant, other, 1)),
        hot.hold(wish(&make, main, variant, closed, 1)),
        hot.hold(wish(&make, main, variant, make.context.id(), 1)),
        hot.hold(past),
        hot.hold(wish(&make, empty, variant, carts[2], 1)),
    );
    assert_eq!(good_one.unwrap().state, ReservationState::Active);
    assert!(matches!(twice, Err(HotHoldError::AlreadyHeld)), "{twice:?}");
    assert!(matches!(foreign, Err(HotHoldError::NotInCart)), "{foreign:?}");
    assert!(matches!(closed, Err(HotHoldError::CartNotOpen)), "{closed:?}");
    assert!(matches!(unknown, Err(HotHoldError::CartNotOpen)), "{unknown:?}");
    assert!(matches!(past, Err(HotHoldError::UntilPast)), "{past:?}");
    assert!(matches!(nowhere, Err(HotHoldError::LevelNotFound)), "{nowhere:?}");
    assert_eq!(level(&make, main, variant).await, (10, 1, 0));
    delete_location(&make.db, &make.context, empty).await.unwrap();
}

#[proofmark::test]
async fn a_cart_that_somebody_is_changing_is_not_waited_for(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let hot = HotHolds::new(make.db.clone(), make.context.clone());
    let carts = crowd(&make, variant, 2, 1).await;
    let mut transaction = make.db.begin().await.unwrap();
    sqlx::query("SELECT FROM cart WHERE id = $1 FOR NO KEY UPDATE")
        .bind(carts[0])
        .execute(&mut *transaction)
        .await
        .unwrap();
    let (busy, free) = tokio::join!(
        hot.hold(wish(&make, main, variant, carts[0], 1)),
        hot.hold(wish(&make, main, variant, carts[1], 1)),
    );
    assert!(matches!(busy, Err(HotHoldError::CartNotOpen)), "{busy:?}");
    free.unwrap();
}

#[proofmark::test]
async fn a_caller_who_goes_early_takes_nothing_and_harms_nobody(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 1).await;
    let hot = HotHolds::new(make.db.clone(), make.context.clone());
    let carts = crowd(&make, variant, 2, 1).await;
    {
        let mut gone = Box::pin(hot.hold(wish(&make, main, variant, carts[0], 1)));
        // Polled once: it is in the queue, and then nobody waits for it.
        assert!(futures_poll_once(&mut gone).await);
    }
    hot.hold(wish(&make, main, variant, carts[1], 1)).await.unwrap();
    assert_eq!(states(&make, carts[0]).await, []);
    assert_eq!(level(&make, main, variant).await, (1, 1, 0));
    make.clock.advance(Duration::minutes(10));
    shop::inventory::sweep(&make.db, &make.context, 10).await.unwrap();
    assert_eq!(level(&make, main, variant).await, (1, 0, 0));
}

/// Polls once; true: it is not ready.
async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
    })
    .await
}

#[proofmark::test]
async fn a_database_that_is_gone_is_told_to_everybody(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let carts = crowd(&make, variant, 2, 1).await;
    let pool = sqlx::PgPool::connect_lazy("postgresql://nobody@127.0.0.1:1/none").unwrap();
    pool.close().await;
    let hot = HotHolds::new(pool, make.context.clone());
    let (one, other) = tokio::join!(
        hot.hold(wish(&make, main, variant, carts[0], 1)),
        hot.hold(wish(&make, main, variant, carts[1], 1)),
    );
    for answer in [one, other] {
        assert!(matches!(answer, Err(HotHoldError::Failed(_))), "{answer:?}");
    }
}
