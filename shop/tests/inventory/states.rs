//! Every operation on a reservation in every state.

use chrono::Duration;
use shop::id::{CartId, OrderLineId, ReservationId, VariantId};
use shop::inventory::{
    CommitError, ExtendError, ReleaseError, ReservationState, WithdrawError, commit, extend,
    release, release_cart, sweep, withdraw,
};

use super::stage::{held, level, ordered, priced, units, until};
use crate::make::Make;

/// A reservation of two units in a state, with an order line to promise it to.
struct Staged {
    reservation: ReservationId,
    cart: CartId,
    variant: VariantId,
    line: OrderLineId,
}

async fn in_state(make: &Make, state: ReservationState) -> Staged {
    let (location, variant) = (make.location().await, priced(make).await);
    make.receive(location, variant, 5).await;
    let (cart, reservations) = held(make, variant, 2).await;
    let (_, line) = ordered(make, cart, variant).await;
    let mut connection = make.db.acquire().await.unwrap();
    let lines = [(variant, line)];
    match state {
        ReservationState::Active => {}
        ReservationState::Committed => {
            commit(&mut connection, &make.context, cart, &lines).await.unwrap();
        }
        ReservationState::Released => {
            release_cart(&mut connection, &make.context, cart, "left").await.unwrap();
        }
        ReservationState::Expired => {
            make.clock.advance(Duration::minutes(10));
            sweep(&make.db, &make.context, 100).await.unwrap();
            make.clock.advance(Duration::minutes(-10));
        }
        ReservationState::Fulfilled => {
            commit(&mut connection, &make.context, cart, &lines).await.unwrap();
            super::stage::shipped(make, line, 2).await;
        }
    }
    Staged { reservation: reservations[0].id, cart, variant, line }
}

async fn state_of(make: &Make, reservation: ReservationId) -> ReservationState {
    sqlx::query_scalar("SELECT state FROM reservation WHERE id = $1")
        .bind(reservation)
        .fetch_one(&make.db)
        .await
        .unwrap()
}

#[proofmark::test]
async fn a_reservation_is_in_the_state_that_it_was_brought_to(make: Make) {
    for &state in ReservationState::ALL {
        let staged = in_state(&make, state).await;
        assert_eq!(state_of(&make, staged.reservation).await, state);
    }
}

#[proofmark::test]
async fn a_release_takes_what_is_held_only(make: Make) {
    for &state in ReservationState::ALL {
        let Staged { reservation, .. } = in_state(&make, state).await;
        let mut connection = make.db.acquire().await.unwrap();
        let released = release(&mut connection, &make.context, reservation, "left").await;
        match released {
            Ok(_) => assert_eq!(state, ReservationState::Active),
            Err(ReleaseError::NotHeld { state: found }) => assert_eq!(found, state),
            Err(other) => panic!("{state}: {other:?}"),
        }
        let after = state_of(&make, reservation).await;
        let expected =
            if state == ReservationState::Active { ReservationState::Released } else { state };
        assert_eq!(after, expected);
    }
}

#[proofmark::test]
async fn a_promise_takes_what_is_held_only(make: Make) {
    for &state in ReservationState::ALL {
        let Staged { reservation, cart, variant, line } = in_state(&make, state).await;
        let mut connection = make.db.acquire().await.unwrap();
        let done = commit(&mut connection, &make.context, cart, &[(variant, line)]).await;
        match (state, done) {
            (ReservationState::Active, Ok(_)) => {
                assert_eq!(state_of(&make, reservation).await, ReservationState::Committed);
            }
            (_, Err(CommitError::NotHeld { held: 0, ordered: 2, .. })) => {
                assert_eq!(state_of(&make, reservation).await, state);
            }
            (_, other) => panic!("{state}: {other:?}"),
        }
    }
}

#[proofmark::test]
async fn an_extension_takes_what_is_held_only(make: Make) {
    for &state in ReservationState::ALL {
        let Staged { reservation, cart, .. } = in_state(&make, state).await;
        let mut connection = make.db.acquire().await.unwrap();
        let done = extend(&mut connection, &make.context, cart, until(&make)).await;
        match (state, done) {
            (ReservationState::Active, Ok(1)) | (_, Err(ExtendError::NothingHeld)) => {}
            (_, other) => panic!("{state}: {other:?}"),
        }
        assert_eq!(state_of(&make, reservation).await, state);
    }
}

#[proofmark::test]
async fn an_expiry_takes_what_is_held_only(make: Make) {
    for &state in ReservationState::ALL {
        let Staged { reservation, .. } = in_state(&make, state).await;
        make.clock.advance(Duration::minutes(10));
        sweep(&make.db, &make.context, 100).await.unwrap();
        let expected =
            if state == ReservationState::Active { ReservationState::Expired } else { state };
        assert_eq!(state_of(&make, reservation).await, expected, "{state}");
    }
}

#[proofmark::test]
async fn a_withdrawal_takes_what_is_promised_only(make: Make) {
    for &state in ReservationState::ALL {
        let Staged { reservation, line, .. } = in_state(&make, state).await;
        let mut connection = make.db.acquire().await.unwrap();
        let reason = "changed their mind".parse().unwrap();
        let done = withdraw(&mut connection, &make.context, line, units(2), &reason).await;
        let after = state_of(&make, reservation).await;
        match (state, done) {
            (ReservationState::Committed, Ok(_)) => assert_eq!(after, ReservationState::Released),
            (ReservationState::Fulfilled, Err(WithdrawError::TooMany)) => assert_eq!(after, state),
            // The line was never promised anything, so there is no stock to give back.
            (_, Ok(parts)) => {
                assert_eq!(parts[0].from, None);
                assert_eq!(after, state);
            }
            (_, other) => panic!("{state}: {other:?}"),
        }
    }
}

#[proofmark::test]
async fn the_rest_of_a_line_that_has_shipped_is_fulfilled_when_it_is_withdrawn(make: Make) {
    let Staged { reservation, line, variant, .. } =
        in_state(&make, ReservationState::Committed).await;
    super::stage::shipped(&make, line, 1).await;
    assert_eq!(state_of(&make, reservation).await, ReservationState::Committed);
    let mut connection = make.db.acquire().await.unwrap();
    let reason = "changed their mind".parse().unwrap();
    withdraw(&mut connection, &make.context, line, units(1), &reason).await.unwrap();
    assert_eq!(state_of(&make, reservation).await, ReservationState::Fulfilled);
    let location = sqlx::query_scalar("SELECT location_id FROM reservation WHERE id = $1")
        .bind(reservation)
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(level(&make, location, variant).await, (4, 0, 0));
}
