//! Promising held stock to orders, and taking the promise back.

use chrono::Duration;
use shop::id::{CartId, OrderLineId, VariantId};
use shop::inventory::{
    CommitError, Reservation, ReservationState, WithdrawError, commit, release_cart, sweep,
    withdraw,
};
use shop::money::{Currency, Money};

use super::stage::{cart_with, events_read_back, held, level, ordered, priced, states, units};
use crate::make::Make;

async fn promise(
    make: &Make,
    cart: CartId,
    variant: VariantId,
    line: OrderLineId,
) -> Result<Vec<Reservation>, CommitError> {
    let mut connection = make.db.acquire().await.unwrap();
    commit(&mut connection, &make.context, cart, &[(variant, line)]).await
}

#[proofmark::test]
async fn what_is_held_is_promised_to_the_order(make: Make) {
    let variant = priced(&make).await;
    for _ in 0..7 {
        let location = make.location().await; // More than one try brings event ids for.
        make.receive(location, variant, 1).await;
    }
    let (cart, _) = held(&make, variant, 7).await;
    let (_, line) = ordered(&make, cart, variant).await;
    let committed = promise(&make, cart, variant, line).await.unwrap();
    assert_eq!(committed.len(), 7);
    for reservation in &committed {
        assert_eq!(reservation.order_line, Some(line));
        assert_eq!(level(&make, reservation.location, variant).await, (1, 0, 1));
    }
    assert_eq!(states(&make, cart).await, [ReservationState::Committed; 7]);
    assert_eq!(events_read_back(&make).await.len(), 14);
}

#[proofmark::test]
async fn a_hold_is_promised_only_while_it_lasts(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let (cart, _) = held(&make, variant, 2).await;
    let (_, line) = ordered(&make, cart, variant).await;
    make.clock.advance(Duration::minutes(10)); // Over, although nobody has swept yet.
    let due = promise(&make, cart, variant, line).await;
    assert!(matches!(due, Err(CommitError::NotHeld { held: 0, ordered: 2, .. })), "{due:?}");
    assert_eq!(level(&make, main, variant).await, (10, 2, 0));
    sweep(&make.db, &make.context, 10).await.unwrap();
    let swept = promise(&make, cart, variant, line).await;
    assert!(matches!(swept, Err(CommitError::NotHeld { held: 0, .. })), "{swept:?}");
}

#[proofmark::test]
async fn the_expiry_and_the_order_never_both_win(make: Make) {
    let (main, variant) = (make.main_location().await, priced(&make).await);
    make.receive(main, variant, 10).await;
    // The order is first: the sweep passes over what it has locked, and afterwards finds nothing.
    let (cart, _) = held(&make, variant, 2).await;
    let (_, line) = ordered(&make, cart, variant).await;
    let mut transaction = make.db.begin().await.unwrap();
    commit(&mut transaction, &make.context, cart, &[(variant, line)]).await.unwrap();
    make.clock.advance(Duration::minutes(10));
    assert_eq!(sweep(&make.db, &make.context, 10).await.unwrap().expired, 0);
    transaction.commit().await.unwrap();
    assert_eq!(sweep(&make.db, &make.context, 10).await.unwrap().expired, 0);
    assert_eq!(level(&make, main, variant).await, (10, 0, 2));
}

#[proofmark::test]
async fn another_quantity_or_a_foreign_line_is_refused(make: Make) {
    let (main, variant, other) =
        (make.main_location().await, priced(&make).await, priced(&make).await);
    make.receive(main, variant, 10).await;
    let (cart, _) = held(&make, variant, 2).await;
    let never = cart_with(&make, variant, 2).await;
    let (_, line) = ordered(&make, never, variant).await;
    for (name, cart, variant, line) in [
        ("no line", cart, variant, make.context.id()),
        ("another variant's line", cart, other, line),
        ("no variant", cart, make.context.id(), line),
    ] {
        let refused = promise(&make, cart, variant, line).await;
        assert!(matches!(refused, Err(CommitError::LineNotFound)), "{name}: {refused:?}");
    }
    let never = promise(&make, never, variant, line).await;
    assert!(matches!(never, Err(CommitError::NotHeld { held: 0, ordered: 2, .. })), "{never:?}");

    let (_, line) = ordered(&make, cart, variant).await;
    sqlx::query("UPDATE order_line SET quantity = 3 WHERE id = $1")
        .bind(line)
        .execute(&make.db)
        .await
        .unwrap_err(); // The order would no longer add up, so nobody can order more than is held.
    promise(&make, cart, variant, line).await.unwrap();
    let again = promise(&make, cart, variant, line).await;
    assert!(matches!(again, Err(CommitError::NotHeld { held: 0, ordered: 2, .. })), "{again:?}");
    let mut connection = make.db.acquire().await.unwrap();
    let released = release_cart(&mut connection, &make.context, cart, "left").await.unwrap();
    assert_eq!(released, 0);
    assert_eq!(level(&make, main, variant).await, (10, 0, 2));
}

#[proofmark::test]
async fn cancelled_units_are_free_again(make: Make) {
    let variant = priced(&make).await;
    let (one, two) = (make.location().await, make.location().await);
    make.receive(one, variant, 3).await;
    make.receive(two, variant, 2).await;
    let (cart, _) = held(&make, variant, 5).await;
    let (_, line) = ordered(&make, cart, variant).await;
    promise(&make, cart, variant, line).await.unwrap();
    let reason = "changed their mind".parse().unwrap();
    let mut connection = make.db.acquire().await.unwrap();
    let some = withdraw(&mut connection, &make.context, line, units(4), &reason).await.unwrap();
    assert_eq!(some.iter().map(|part| part.quantity.get()).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(level(&make, one, variant).await, (3, 0, 0));
    assert_eq!(level(&make, two, variant).await, (2, 0, 1));
    let (released, committed) = (ReservationState::Released, ReservationState::Committed);
    assert_eq!(states(&make, cart).await, [released, committed]);

    let much = withdraw(&mut connection, &make.context, line, units(2), &reason).await;
    assert!(matches!(much, Err(WithdrawError::TooMany)), "{much:?}");
    withdraw(&mut connection, &make.context, line, units(1), &reason).await.unwrap();
    assert_eq!(states(&make, cart).await, [released, released]);
    let much = withdraw(&mut connection, &make.context, line, units(1), &reason).await;
    assert!(matches!(much, Err(WithdrawError::TooMany)), "{much:?}");
    let unknown =
        withdraw(&mut connection, &make.context, make.context.id(), units(1), &reason).await;
    assert!(matches!(unknown, Err(WithdrawError::LineNotFound)), "{unknown:?}");
    assert_eq!(events_read_back(&make).await.len(), 2 + 2 + 3 + 2);
}

#[proofmark::test]
async fn units_that_are_not_counted_are_cancelled_without_stock(make: Make) {
    let variant = make.variant().untracked().priced(Money::new(100, Currency::EUR).unwrap()).await;
    let cart = cart_with(&make, variant, 5).await;
    let (_, line) = ordered(&make, cart, variant).await;
    assert_eq!(promise(&make, cart, variant, line).await.unwrap(), []);
    let reason = "changed their mind".parse().unwrap();
    let mut connection = make.db.acquire().await.unwrap();
    let all = withdraw(&mut connection, &make.context, line, units(5), &reason).await.unwrap();
    assert_eq!((all.len(), all[0].from), (1, None));
    let much = withdraw(&mut connection, &make.context, line, units(1), &reason).await;
    assert!(matches!(much, Err(WithdrawError::TooMany)), "{much:?}");
}
