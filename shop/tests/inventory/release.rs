//! Giving held stock back, holding it for longer, and what happens when its time is over.

use chrono::Duration;
use shop::inventory::{
    ExtendError, ReleaseError, ReservationState, Swept, extend, release, release_cart, sweep,
};

use super::stage::{
    cart_with, events_read_back, held, hold_with, level, line, ordered, priced, states, until,
};
use crate::make::Make;

#[proofmark::test]
async fn releasing_a_cart_gives_everything_back_once(make: Make) {
    let variant = priced(&make).await;
    let mut locations = Vec::new();
    for _ in 0..11 {
        let location = make.location().await; // More than one try brings event ids for.
        make.receive(location, variant, 1).await;
        locations.push(location);
    }
    let (cart, reservations) = held(&make, variant, 11).await;
    assert_eq!(reservations.len(), 11);
    let mut connection = make.db.acquire().await.unwrap();
    for expected in [11, 0] {
        let released = release_cart(&mut connection, &make.context, cart, "left").await.unwrap();
        assert_eq!(released, expected);
    }
    for location in locations {
        assert_eq!(level(&make, location, variant).await, (1, 0, 0));
    }
    assert_eq!(states(&make, cart).await, [ReservationState::Released; 11]);
    assert_eq!(events_read_back(&make).await.len(), 22);
    let again =
        hold_with(&make, cart, &[line(variant, 11)], shop::inventory::Strategy::Split).await;
    assert_eq!(again.unwrap().len(), 11);
}

#[proofmark::test]
async fn one_reservation_is_released_only_while_it_is_held(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let (_, reservations) = held(&make, variant, 3).await;
    let id = reservations[0].id;
    let mut connection = make.db.acquire().await.unwrap();
    let released = release(&mut connection, &make.context, id, "left").await.unwrap();
    assert_eq!((released.id, released.state), (id, ReservationState::Released));
    let again = release(&mut connection, &make.context, id, "left").await;
    let state = ReservationState::Released;
    assert!(matches!(again, Err(ReleaseError::NotHeld { state: s }) if s == state), "{again:?}");
    let unknown = release(&mut connection, &make.context, make.context.id(), "left").await;
    assert!(matches!(unknown, Err(ReleaseError::NotFound)), "{unknown:?}");
    assert_eq!(level(&make, main, variant).await, (10, 0, 0));
}

#[proofmark::test]
async fn two_releases_at_once_give_back_once(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let (_, reservations) = held(&make, variant, 3).await;
    let give_back = async || {
        let mut connection = make.db.acquire().await.unwrap();
        release(&mut connection, &make.context, reservations[0].id, "left").await.is_ok()
    };
    let (one, other) = tokio::join!(give_back(), give_back());
    assert!(one ^ other, "{one} {other}");
    assert_eq!(level(&make, main, variant).await, (10, 0, 0));
}

#[proofmark::test]
async fn a_hold_is_extended_but_never_cut_short(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let (cart, _) = held(&make, variant, 3).await;
    let mut connection = make.db.acquire().await.unwrap();
    let late = until(&make) + Duration::minutes(5);
    for wish in [late, until(&make) - Duration::minutes(1)] {
        assert_eq!(extend(&mut connection, &make.context, cart, wish).await.unwrap(), 1);
        let expires: chrono::DateTime<chrono::Utc> =
            sqlx::query_scalar("SELECT expires_at FROM reservation")
                .fetch_one(&make.db)
                .await
                .unwrap();
        assert_eq!(expires, late);
    }
    let told = ["reservation.held", "reservation.extended", "reservation.extended"];
    assert_eq!(events_read_back(&make).await, told);

    let past = extend(&mut connection, &make.context, cart, make.context.now()).await;
    assert!(matches!(past, Err(ExtendError::UntilPast)), "{past:?}");
    make.clock.advance(Duration::minutes(15));
    let over = extend(&mut connection, &make.context, cart, until(&make)).await;
    assert!(matches!(over, Err(ExtendError::Expired { reservations: 1 })), "{over:?}");
    let none = cart_with(&make, variant, 1).await;
    let none = extend(&mut connection, &make.context, none, until(&make)).await;
    assert!(matches!(none, Err(ExtendError::NothingHeld)), "{none:?}");
}

#[proofmark::test]
async fn a_sweep_ends_what_is_due_and_nothing_else(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let (early, _) = held(&make, variant, 3).await;
    make.clock.advance(Duration::minutes(5));
    let (late, _) = held(&make, variant, 1).await;
    let (bought, _) = held(&make, variant, 2).await;
    let (_, order_line) = ordered(&make, bought, variant).await;
    let mut connection = make.db.acquire().await.unwrap();
    shop::inventory::commit(&mut connection, &make.context, bought, &[(variant, order_line)])
        .await
        .unwrap();

    let none = Swept { expired: 0, more: false };
    assert_eq!(sweep(&make.db, &make.context, 100).await.unwrap(), none);
    make.clock.advance(Duration::minutes(5));
    let one = Swept { expired: 1, more: false };
    assert_eq!(sweep(&make.db, &make.context, 100).await.unwrap(), one);
    assert_eq!(states(&make, early).await, [ReservationState::Expired]);
    assert_eq!(states(&make, late).await, [ReservationState::Active]);
    make.clock.advance(Duration::days(1));
    let full = Swept { expired: 1, more: true };
    assert_eq!(sweep(&make.db, &make.context, 1).await.unwrap(), full);
    assert_eq!(sweep(&make.db, &make.context, 1).await.unwrap(), none);
    assert_eq!(states(&make, bought).await, [ReservationState::Committed]);
    assert_eq!(level(&make, main, variant).await, (10, 0, 2));
    make.clock.advance(Duration::days(-2)); // A clock that goes back ends nothing.
    assert_eq!(sweep(&make.db, &make.context, 100).await.unwrap(), none);
    events_read_back(&make).await;
}

#[proofmark::test]
async fn sweeps_side_by_side_end_each_hold_once(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    for _ in 0..10 {
        held(&make, variant, 1).await;
    }
    make.clock.advance(Duration::minutes(10));
    let (one, two, three) = tokio::join!(
        sweep(&make.db, &make.context, 4),
        sweep(&make.db, &make.context, 4),
        sweep(&make.db, &make.context, 4),
    );
    let ended = [one, two, three].map(|swept| swept.unwrap().expired).iter().sum::<usize>();
    let rest = sweep(&make.db, &make.context, 100).await.unwrap().expired;
    assert_eq!(ended + rest, 10);
    assert_eq!(level(&make, main, variant).await, (10, 0, 0));
}

#[proofmark::test]
async fn a_sweep_passes_over_a_hold_that_is_being_released(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let (cart, _) = held(&make, variant, 3).await;
    make.clock.advance(Duration::minutes(10));
    let mut transaction = make.db.begin().await.unwrap();
    release_cart(&mut transaction, &make.context, cart, "left").await.unwrap();
    let swept = sweep(&make.db, &make.context, 100).await.unwrap(); // Does not wait.
    assert_eq!(swept.expired, 0);
    transaction.commit().await.unwrap();
    assert_eq!(states(&make, cart).await, [ReservationState::Released]);
    assert_eq!(level(&make, main, variant).await, (10, 0, 0));
}
