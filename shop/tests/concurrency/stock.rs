//! The last unit, wanted or given back twice; stock that moves, is counted, or expires meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use shop::context::{Clock as _, Context, RandomIds};
use shop::database::DatabaseError;
use shop::id::{CartId, LocationId, ReservationId, StockOperationId, StockTransferId, VariantId};
use shop::inventory::{
    self, Basis, CorrectError, DraftTransfer, ExtendError, HoldError, HoldLine, ReleaseError,
    StockTake, Strategy, TransferError, TransferState, WriteOff, adjust, extend, find_level, hold,
    release, release_cart, sweep, transfer_cancel, transfer_draft, transfer_receive, transfer_send,
    write_off,
};
use sqlx::PgPool;

use super::{holds, loser, no_deadlock};
use crate::inventory::stage::{cart_with, held, level, line, priced, units, until};
use crate::make::{Make, TestClock};

/// One unit at one location.
struct LastUnit {
    variant: VariantId,
    location: LocationId,
    carts: [CartId; 2],
}

async fn last_unit(make: &Make) -> LastUnit {
    let variant = priced(make).await;
    let location = make.location().await;
    make.receive(location, variant, 1).await;
    let carts = [cart_with(make, variant, 1).await, cart_with(make, variant, 1).await];
    LastUnit { variant, location, carts }
}

async fn hold_units(make: &Make, cart: CartId, lines: &[HoldLine]) -> Result<(), HoldError> {
    shop::transact!(&make.db, HoldError, |connection| {
        let until = until(make);
        hold(connection, &make.context, cart, lines, Strategy::Split, until).await?;
        Ok(())
    })
}

#[proofmark::test]
async fn the_last_unit_is_held_for_one_of_two_carts(make: Make) {
    let explored = make
        .explore(
            async || last_unit(&make).await,
            async |db: PgPool, unit| {
                hold_units(&make.through(&db), unit.carts[0], &[line(unit.variant, 1)]).await
            },
            async |db: PgPool, unit| {
                hold_units(&make.through(&db), unit.carts[1], &[line(unit.variant, 1)]).await
            },
            async |unit, a: &Result<(), HoldError>, b: &Result<(), HoldError>| {
                let level = level(&make, unit.location, unit.variant).await;
                assert_eq!(level, (1, 1, 0), "one unit is there, and held");
                match (a, b) {
                    (Ok(()), Err(HoldError::OutOfStock { .. }))
                    | (Err(HoldError::OutOfStock { .. }), Ok(())) => {}
                    both => panic!("one of the two carts has it, the other is told: {both:?}"),
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

async fn release_one(make: &Make, reservation: ReservationId) -> Result<(), ReleaseError> {
    let mut transaction = make.db.begin().await.map_err(DatabaseError::from)?;
    release(&mut transaction, &make.context, reservation, "tried").await?;
    transaction.commit().await.map_err(DatabaseError::from)?;
    Ok(())
}

#[proofmark::test]
async fn a_reservation_released_twice_gives_its_stock_back_once(make: Make) {
    let explored = make
        .explore(
            async || {
                let variant = priced(&make).await;
                let location = make.location().await;
                make.receive(location, variant, 3).await;
                let (_, reservations) = held(&make, variant, 2).await;
                (variant, location, reservations[0].id)
            },
            async |db: PgPool, (_, _, id)| release_one(&make.through(&db), *id).await,
            async |db: PgPool, (_, _, id)| release_one(&make.through(&db), *id).await,
            async |(variant, location, _),
                   a: &Result<(), ReleaseError>,
                   b: &Result<(), ReleaseError>| {
                assert_eq!(level(&make, *location, *variant).await, (3, 0, 0));
                let told = loser(a, b);
                assert!(matches!(told, ReleaseError::NotHeld { .. }), "{told:?}");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

/// The same shop on a machine whose clock is ahead.
pub fn ahead(make: &Make, db: &PgPool, by: TimeDelta) -> Make {
    let clock = TestClock::default();
    clock.advance(make.context.now() - clock.now() + by);
    let context = Context::new(Arc::new(clock.clone()), Arc::new(RandomIds));
    Make { context, clock, ..make.through(db) }
}

type Extended = Result<i64, ExtendError>;
type Swept = Result<inventory::Swept, DatabaseError>;

#[proofmark::test]
async fn a_hold_is_extended_or_expires_and_never_both(make: Make) {
    let explored = make
        .explore(
            async || {
                let variant = priced(&make).await;
                let location = make.location().await;
                make.receive(location, variant, 3).await;
                (variant, location, held(&make, variant, 2).await.0)
            },
            async |db: PgPool, (.., cart)| -> Extended {
                let until = until(&make) + TimeDelta::minutes(10);
                let mut transaction = db.begin().await.map_err(DatabaseError::from)?;
                let extended = extend(&mut transaction, &make.context, *cart, until).await?;
                transaction.commit().await.map_err(DatabaseError::from)?;
                Ok(extended)
            },
            async |db: PgPool, _| -> Swept {
                let later = ahead(&make, &db, TimeDelta::minutes(11));
                sweep(&later.db, &later.context, 10).await
            },
            async |(variant, location, cart), extended: &Extended, swept: &Swept| {
                let expired = swept.as_ref().unwrap().expired;
                match extended {
                    Ok(1) => assert_eq!(expired, 0),
                    Err(ExtendError::NothingHeld) => assert_eq!(expired, 1),
                    told => panic!("{told:?}"),
                }
                let reserved = if expired == 1 { 0 } else { 2 };
                assert_eq!(level(&make, *location, *variant).await, (3, reserved, 0));
                make.invariants_hold().await;
                // What was extended is not left for the next schedule to sweep.
                let mut connection = make.db.acquire().await.unwrap();
                release_cart(&mut connection, &make.context, *cart, "tried").await.unwrap();
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn two_sweepers_end_a_reservation_once(make: Make) {
    let run = async |db: &PgPool| -> Swept {
        let later = ahead(&make, db, TimeDelta::minutes(11));
        sweep(&later.db, &later.context, 10).await
    };
    let explored = make
        .explore(
            async || {
                let variant = priced(&make).await;
                let location = make.location().await;
                make.receive(location, variant, 3).await;
                held(&make, variant, 2).await;
                (variant, location)
            },
            async |db: PgPool, _| run(&db).await,
            async |db: PgPool, _| run(&db).await,
            async |(variant, location), a: &Swept, b: &Swept| {
                assert_eq!(a.as_ref().unwrap().expired + b.as_ref().unwrap().expired, 1);
                assert_eq!(level(&make, *location, *variant).await, (3, 0, 0));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

/// A location with five units.
async fn five(make: &Make) -> (VariantId, LocationId) {
    let variant = priced(make).await;
    let location = make.location().await;
    make.receive(location, variant, 5).await;
    (variant, location)
}

async fn count(
    make: &Make,
    location: LocationId,
    variant: VariantId,
    counted: i64,
    basis: Basis,
) -> Result<i32, CorrectError> {
    let operation: StockOperationId = make.context.id();
    let reason = "counted".parse().unwrap();
    let request = StockTake { operation, location, variant, counted, basis, reason };
    adjust(&make.db, &make.context, request).await
}

#[proofmark::test]
async fn a_count_of_before_a_delivery_keeps_the_delivery(make: Make) {
    // One is missing of the five that were counted; two arrive meanwhile.
    let explored = make
        .explore(
            async || five(&make).await,
            async |db: PgPool, (variant, location)| {
                let known = Basis::OnHand(5);
                count(&make.through(&db), *location, *variant, 4, known).await
            },
            async |db: PgPool, (variant, location)| {
                make.through(&db).receive(*location, *variant, 2).await;
            },
            async |(variant, location), counted: &Result<i32, CorrectError>, (): &()| {
                assert_eq!(*counted.as_ref().unwrap(), -1);
                assert_eq!(level(&make, *location, *variant).await, (6, 0, 0));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_count_of_one_version_is_refused_after_another(make: Make) {
    let take = async |db: &PgPool, (variant, location, version): &(_, _, i64), counted| {
        let basis = Basis::Version(*version);
        count(&make.through(db), *location, *variant, counted, basis).await
    };
    let explored = make
        .explore(
            async || {
                let (variant, location) = five(&make).await;
                let mut connection = make.db.acquire().await.unwrap();
                let level = find_level(&mut connection, location, variant).await.unwrap();
                (variant, location, level.unwrap().version)
            },
            async |db: PgPool, level| take(&db, level, 4).await,
            async |db: PgPool, level| take(&db, level, 3).await,
            async |(variant, location, _), a: &Result<i32, _>, b: &Result<i32, _>| {
                let told = loser(a, b);
                assert!(matches!(told, CorrectError::Changed { .. }), "{told:?}");
                let left = if a.is_ok() { 4 } else { 3 };
                assert_eq!(level(&make, *location, *variant).await, (left, 0, 0));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn what_is_written_off_is_not_sold(make: Make) {
    let explored = make
        .explore(
            async || {
                let (variant, location) = five(&make).await;
                (variant, location, cart_with(&make, variant, 3).await)
            },
            async |db: PgPool, (variant, location, _)| {
                let request = WriteOff {
                    operation: make.context.id(),
                    location: *location,
                    variant: *variant,
                    quantity: units(3),
                    reason: "broken".parse().unwrap(),
                };
                write_off(&db, &make.context, request).await
            },
            async |db: PgPool, (variant, _, cart)| {
                hold_units(&make.through(&db), *cart, &[line(*variant, 3)]).await
            },
            async |(variant, location, _),
                   gone: &Result<(), CorrectError>,
                   held: &Result<(), HoldError>| {
                let left = match (gone, held) {
                    (Ok(()), Err(HoldError::OutOfStock { available: 2, .. })) => (2, 0, 0),
                    (Err(CorrectError::Promised), Ok(())) => (5, 3, 0),
                    both => panic!("{both:?}"),
                };
                assert_eq!(level(&make, *location, *variant).await, left);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

/// Two places with five of each of two variants, and a draft in each direction, whose lines are in
/// opposite order.
struct Crossing {
    places: [LocationId; 2],
    variants: [VariantId; 2],
    transfers: [StockTransferId; 2],
}

async fn crossing(make: &Make) -> Crossing {
    let variants = [priced(make).await, priced(make).await];
    let places = [make.location().await, make.location().await];
    for place in places {
        for variant in variants {
            make.receive(place, variant, 5).await;
        }
    }
    let draft = async |from: usize, lines: [VariantId; 2]| {
        let lines = lines.map(|variant| (variant, units(2))).to_vec();
        let request = DraftTransfer { from: places[from], to: places[1 - from], lines };
        transfer_draft(&make.db, &make.context, request).await.unwrap()
    };
    let [one, other] = variants;
    let transfers = [draft(0, [one, other]).await, draft(1, [other, one]).await];
    Crossing { places, variants, transfers }
}

type Transferred = Result<(), TransferError>;

async fn send_and_receive(make: &Make, transfer: StockTransferId) -> Transferred {
    transfer_send(&make.db, &make.context, transfer).await?;
    transfer_receive(&make.db, &make.context, transfer, &BTreeMap::new()).await
}

#[proofmark::test]
async fn transfers_in_opposite_directions_do_not_meet_in_a_deadlock(make: Make) {
    let explored = make
        .explore(
            async || crossing(&make).await,
            async |db: PgPool, on| send_and_receive(&make.through(&db), on.transfers[0]).await,
            async |db: PgPool, on| send_and_receive(&make.through(&db), on.transfers[1]).await,
            async |on, a: &Transferred, b: &Transferred| {
                assert!(a.is_ok() && b.is_ok(), "{a:?}, {b:?}");
                for place in on.places {
                    for variant in on.variants {
                        assert_eq!(level(&make, place, variant).await, (5, 0, 0));
                    }
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
    no_deadlock(&explored);
}

#[proofmark::test]
async fn holds_of_two_variants_in_opposite_order_do_not_meet_in_a_deadlock(make: Make) {
    let explored = make
        .explore(
            async || {
                let on = crossing(&make).await;
                let [one, other] = on.variants;
                let first = make.cart().with(one, 6).with(other, 6).await.id;
                (first, make.cart().with(one, 4).with(other, 4).await.id, on)
            },
            async |db: PgPool, (cart, _, on)| {
                let lines = on.variants.map(|variant| line(variant, 6));
                hold_units(&make.through(&db), *cart, &lines).await
            },
            async |db: PgPool, (_, cart, on)| {
                let [one, other] = on.variants;
                hold_units(&make.through(&db), *cart, &[line(other, 4), line(one, 4)]).await
            },
            async |(.., on), a: &Result<(), HoldError>, b: &Result<(), HoldError>| {
                assert!(a.is_ok() && b.is_ok(), "{a:?}, {b:?}");
                for variant in on.variants {
                    let [one, other] = on.places;
                    let reserved = level(&make, one, variant).await.1;
                    assert_eq!(reserved + level(&make, other, variant).await.1, 10);
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
    no_deadlock(&explored);
}

#[proofmark::test]
async fn a_transfer_is_sent_or_cancelled(make: Make) {
    let explored = make
        .explore(
            async || crossing(&make).await,
            async |db: PgPool, on| transfer_send(&db, &make.context, on.transfers[0]).await,
            async |db: PgPool, on| {
                transfer_cancel(&db, &make.context, on.transfers[0], "not needed").await
            },
            async |on, sent: &Transferred, cancelled: &Transferred| {
                let (state, left) = if sent.is_ok() {
                    (TransferState::InTransit, 3)
                } else {
                    (TransferState::Cancelled, 5)
                };
                let told = loser(sent, cancelled);
                assert!(
                    matches!(told, TransferError::WrongState { state: is } if *is == state),
                    "{told:?}"
                );
                assert_eq!(level(&make, on.places[0], on.variants[0]).await.0, left);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}
