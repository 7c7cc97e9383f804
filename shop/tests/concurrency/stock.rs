//! The last unit, wanted or given back twice.

use shop::database::DatabaseError;
use shop::id::{CartId, LocationId, ReservationId, VariantId};
use shop::inventory::{HoldError, ReleaseError, Strategy, hold, release};
use sqlx::PgPool;

use crate::inventory::stage::{cart_with, held, level, line, until};
use crate::make::Make;

/// One unit at one location.
struct LastUnit {
    variant: VariantId,
    location: LocationId,
    carts: [CartId; 2],
}

async fn last_unit(make: &Make) -> LastUnit {
    let variant = crate::inventory::stage::priced(make).await;
    let location = make.location().await;
    make.receive(location, variant, 1).await;
    let carts = [cart_with(make, variant, 1).await, cart_with(make, variant, 1).await];
    LastUnit { variant, location, carts }
}

async fn hold_one(make: &Make, cart: CartId, variant: VariantId) -> Result<(), HoldError> {
    let mut transaction = make.db.begin().await.map_err(DatabaseError::from)?;
    let lines = [line(variant, 1)];
    let until = until(make);
    hold(&mut transaction, &make.context, cart, &lines, Strategy::Split, until).await?;
    transaction.commit().await.map_err(DatabaseError::from)?;
    Ok(())
}

#[proofmark::test]
async fn the_last_unit_is_held_for_one_of_two_carts(make: Make) {
    let explored = make
        .race()
        .explore(
            async |_: PgPool| last_unit(&make).await,
            async |db: PgPool, unit| {
                hold_one(&make.through(&db), unit.carts[0], unit.variant).await
            },
            async |db: PgPool, unit| {
                hold_one(&make.through(&db), unit.carts[1], unit.variant).await
            },
            async |_: PgPool, unit, a: &Result<(), HoldError>, b: &Result<(), HoldError>| {
                let level = level(&make, unit.location, unit.variant).await;
                assert_eq!(level, (1, 1, 0), "one unit is there, and held");
                match (a, b) {
                    (Ok(()), Err(HoldError::OutOfStock { .. }))
                    | (Err(HoldError::OutOfStock { .. }), Ok(())) => {}
                    both => panic!("one of the two carts has it, the other is told: {both:?}"),
                }
            },
        )
        .await;
    explored.assert_holds();
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
        .race()
        .explore(
            async |_: PgPool| {
                let variant = crate::inventory::stage::priced(&make).await;
                let location = make.location().await;
                make.receive(location, variant, 3).await;
                let (_, reservations) = held(&make, variant, 2).await;
                (variant, location, reservations[0].id)
            },
            async |db: PgPool, (_, _, id)| release_one(&make.through(&db), *id).await,
            async |db: PgPool, (_, _, id)| release_one(&make.through(&db), *id).await,
            async |_: PgPool,
                   (variant, location, _),
                   a: &Result<(), ReleaseError>,
                   b: &Result<(), ReleaseError>| {
                assert_eq!(level(&make, *location, *variant).await, (3, 0, 0));
                let released = [a, b].into_iter().filter(|result| result.is_ok()).count();
                assert_eq!(released, 1, "{a:?}, {b:?}");
            },
        )
        .await;
    explored.assert_holds();
}
