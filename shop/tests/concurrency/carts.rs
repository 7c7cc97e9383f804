//! Carts that change while somebody checks out, logs in, or sets a price.

use shop::cart::{
    self, AddLineError, BeginCheckoutError, CartRefusal, CartRequest, CartState, Checkout,
    LogInError, LoggedIn, SessionError, SetLine,
};
use shop::catalog::{SetPrice, SetPriceError, set_price};
use shop::id::{CustomerId, VariantId};
use shop::inventory::Strategy;
use sqlx::PgPool;

use super::{holds, loser};
use crate::carts::stage::{eur, shown, state, units, variant};
use crate::make::{MadeCart, Make};

type Added = Result<SetLine, AddLineError>;
type Begun = Result<Checkout, BeginCheckoutError>;
type Entered = Result<LoggedIn, LogInError>;

async fn begin(make: &Make, cart: &CartRequest) -> Begun {
    cart::begin_checkout(&make.db, &make.context, cart, Strategy::MostStock).await
}

async fn add(make: &Make, cart: &CartRequest, variant: VariantId, quantity: i64) -> Added {
    cart::add_line(&make.db, &make.context, cart, variant, units(quantity)).await
}

/// A cart with two of a variant, of which ten are there.
async fn with_two(make: &Make) -> (MadeCart, VariantId) {
    let mug = make.variant().priced(eur(1000)).in_stock(10).await;
    (make.cart().with(mug, 2).await, mug)
}

/// How many units are in a cart, and how many are held for it.
async fn in_cart_and_held(make: &Make, cart: &MadeCart) -> (i64, i64) {
    sqlx::query_as(
        "SELECT (SELECT coalesce(sum(quantity), 0)::bigint FROM cart_line WHERE cart_id = $1),
                (SELECT coalesce(sum(quantity), 0)::bigint FROM reservation
                  WHERE cart_id = $1 AND state = 'active')",
    )
    .bind(cart.id)
    .fetch_one(&make.db)
    .await
    .unwrap()
}

#[proofmark::test]
async fn what_is_added_while_checkout_begins_is_held_or_refused(make: Make) {
    let explored = make
        .explore(
            async || with_two(&make).await,
            async |db: PgPool, (cart, _)| begin(&make.through(&db), &cart.request()).await,
            async |db: PgPool, (cart, mug)| add(&make.through(&db), &cart.request(), *mug, 3).await,
            async |(cart, _), begun: &Begun, added: &Added| {
                begun.as_ref().unwrap();
                match added {
                    Ok(_) => assert_eq!(in_cart_and_held(&make, cart).await, (5, 5)),
                    Err(AddLineError::Cart(CartRefusal::State(CartState::Checkout))) => {
                        assert_eq!(in_cart_and_held(&make, cart).await, (2, 2));
                    }
                    Err(told) => panic!("{told:?}"),
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_line_added_twice_counts_twice(make: Make) {
    let explored = make
        .explore(
            async || (make.cart().await, variant(&make, 1000).await),
            async |db: PgPool, (cart, mug)| add(&make.through(&db), &cart.request(), *mug, 2).await,
            async |db: PgPool, (cart, mug)| add(&make.through(&db), &cart.request(), *mug, 3).await,
            async |(cart, mug), a: &Added, b: &Added| {
                assert!(a.is_ok() && b.is_ok(), "{a:?}, {b:?}");
                assert_eq!(shown(&make, cart).await, [(*mug, 5, 1000)]);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn checkout_begins_once(make: Make) {
    let explored = make
        .explore(
            async || with_two(&make).await,
            async |db: PgPool, (cart, _)| begin(&make.through(&db), &cart.request()).await,
            async |db: PgPool, (cart, _)| begin(&make.through(&db), &cart.request()).await,
            async |(cart, _), a: &Begun, b: &Begun| {
                let told = loser(a, b);
                let refusal = CartRefusal::State(CartState::Checkout);
                assert!(
                    matches!(told, BeginCheckoutError::Cart(told) if *told == refusal),
                    "{told:?}"
                );
                assert_eq!(in_cart_and_held(&make, cart).await, (2, 2));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn of_two_changes_of_one_version_of_a_cart_one_is_told(make: Make) {
    let change = async |db: &PgPool, cart: &MadeCart, mug, quantity| {
        let request = CartRequest { version: Some(1), ..cart.request() };
        cart::set_quantity(db, &make.context, &request, mug, units(quantity)).await
    };
    let explored = make
        .explore(
            async || with_two(&make).await,
            async |db: PgPool, (cart, mug)| change(&db, cart, *mug, 3).await,
            async |db: PgPool, (cart, mug)| change(&db, cart, *mug, 4).await,
            async |(cart, mug),
                   a: &Result<SetLine, cart::SetQuantityError>,
                   b: &Result<SetLine, cart::SetQuantityError>| {
                use cart::SetQuantityError::Cart;
                let told = loser(a, b);
                assert!(matches!(told, Cart(CartRefusal::Changed { now: 2 })), "{told:?}");
                let quantity = if a.is_ok() { 3 } else { 4 };
                assert_eq!(shown(&make, cart).await, [(*mug, quantity, 1000)]);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

/// A guest with two mugs, and a customer whose own cart has one, or who has none.
async fn guest_and_customer(make: &Make, own: bool) -> (MadeCart, CustomerId, VariantId) {
    let mug = variant(make, 1000).await;
    let ada = make.customer().await;
    if own {
        make.cart().of(ada).with(mug, 1).await;
    }
    (make.cart().with(mug, 2).await, ada, mug)
}

async fn log_in(make: &Make, customer: CustomerId, guest: &MadeCart) -> Entered {
    cart::log_in(&make.db, &make.context, customer, &guest.session).await
}

/// How many units there are in the open carts of a customer, and in how many carts.
async fn customers_units(make: &Make, customer: CustomerId) -> (i64, i64) {
    sqlx::query_as(
        "SELECT coalesce(sum(quantity), 0)::bigint, count(DISTINCT cart.id)
           FROM cart JOIN cart_line ON cart_line.cart_id = cart.id
          WHERE customer_id = $1 AND state IN ('active', 'checkout')",
    )
    .bind(customer)
    .fetch_one(&make.db)
    .await
    .unwrap()
}

#[proofmark::test]
async fn two_logins_with_one_session_bring_its_lines_once(make: Make) {
    for own in [true, false] {
        let explored = make
            .explore(
                async || guest_and_customer(&make, own).await,
                async |db: PgPool, (guest, ada, _)| log_in(&make.through(&db), *ada, guest).await,
                async |db: PgPool, (guest, ada, _)| log_in(&make.through(&db), *ada, guest).await,
                async |(_, ada, _), a: &Entered, b: &Entered| {
                    let told = loser(a, b);
                    assert!(matches!(told, LogInError::Session(SessionError::Revoked)), "{told:?}");
                    let units = if own { 3 } else { 2 };
                    assert_eq!(customers_units(&make, *ada).await, (units, 1));
                    make.invariants_hold().await;
                },
            )
            .await;
        holds(&explored);
    }
}

#[proofmark::test]
async fn two_guests_who_are_one_customer_end_in_one_cart(make: Make) {
    for own in [true, false] {
        let explored = make
            .explore(
                async || {
                    let (guest, ada, mug) = guest_and_customer(&make, own).await;
                    (guest, make.cart().with(mug, 4).await, ada)
                },
                async |db: PgPool, (phone, _, ada)| log_in(&make.through(&db), *ada, phone).await,
                async |db: PgPool, (_, desk, ada)| log_in(&make.through(&db), *ada, desk).await,
                async |(.., ada), a: &Entered, b: &Entered| {
                    assert!(a.is_ok() && b.is_ok(), "{a:?}, {b:?}");
                    let units = if own { 7 } else { 6 };
                    assert_eq!(customers_units(&make, *ada).await, (units, 1));
                    make.invariants_hold().await;
                },
            )
            .await;
        holds(&explored);
    }
}

#[proofmark::test]
async fn what_a_guest_adds_during_a_login_is_in_the_merged_cart_or_refused(make: Make) {
    let explored = make
        .explore(
            async || guest_and_customer(&make, true).await,
            async |db: PgPool, (guest, ada, _)| log_in(&make.through(&db), *ada, guest).await,
            async |db: PgPool, (guest, _, mug)| {
                add(&make.through(&db), &guest.request(), *mug, 5).await
            },
            async |(_, ada, _), entered: &Entered, added: &Added| {
                entered.as_ref().unwrap();
                let units = match added {
                    Ok(_) => 8,
                    Err(AddLineError::Cart(CartRefusal::Foreign | CartRefusal::State(_))) => 3,
                    Err(told) => panic!("{told:?}"),
                };
                assert_eq!(customers_units(&make, *ada).await, (units, 1));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_login_does_not_reach_into_a_checkout_that_begins(make: Make) {
    let explored = make
        .explore(
            async || {
                let mug = make.variant().priced(eur(1000)).in_stock(10).await;
                let ada = make.customer().await;
                let own = make.cart().of(ada).with(mug, 1).await;
                (make.cart().with(mug, 2).await, ada, own)
            },
            async |db: PgPool, (guest, ada, _)| log_in(&make.through(&db), *ada, guest).await,
            async |db: PgPool, (.., own)| begin(&make.through(&db), &own.request()).await,
            async |(guest, _, own), entered: &Entered, begun: &Begun| {
                begun.as_ref().unwrap();
                match entered {
                    Ok(_) => assert_eq!(in_cart_and_held(&make, own).await, (3, 3)),
                    Err(LogInError::InCheckout) => {
                        assert_eq!(in_cart_and_held(&make, own).await, (1, 1));
                        assert_eq!(state(&make, guest).await, CartState::Active);
                    }
                    Err(told) => panic!("{told:?}"),
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

fn price_of(make: &Make, variant: VariantId, cents: i64) -> SetPrice {
    SetPrice {
        variant,
        price_list: "default".parse().unwrap(),
        min_quantity: units(1),
        amount: eur(cents),
        tax_included: true,
        from: make.context.now(),
        until: None,
    }
}

#[proofmark::test]
async fn a_line_has_one_of_the_prices_when_the_price_changes(make: Make) {
    let explored = make
        .explore(
            async || {
                let mug = variant(&make, 1000).await;
                make.clock.advance(chrono::TimeDelta::seconds(1));
                (make.cart().await, mug)
            },
            async |db: PgPool, (cart, mug)| add(&make.through(&db), &cart.request(), *mug, 2).await,
            async |db: PgPool, (_, mug)| {
                set_price(&db, &make.context, price_of(&make, *mug, 1200)).await.map(drop)
            },
            async |(cart, _), added: &Added, set: &Result<(), SetPriceError>| {
                set.as_ref().unwrap();
                let told = added.as_ref().unwrap().unit_price.minor();
                let stored: (i64, i64) = sqlx::query_as(
                    "SELECT unit_price::bigint, amount::bigint FROM cart_line
                       JOIN price ON price.id = price_id WHERE cart_id = $1",
                )
                .bind(cart.id)
                .fetch_one(&make.db)
                .await
                .unwrap();
                assert!([1000, 1200].contains(&told), "{told}");
                assert_eq!(stored, (told, told), "what was told is what is stored");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn two_prices_set_at_once_leave_one_that_holds(make: Make) {
    let explored = make
        .explore(
            async || {
                let mug = variant(&make, 1000).await;
                make.clock.advance(chrono::TimeDelta::seconds(1));
                mug
            },
            async |db: PgPool, mug| {
                set_price(&db, &make.context, price_of(&make, *mug, 1100)).await.map(drop)
            },
            async |db: PgPool, mug| {
                set_price(&db, &make.context, price_of(&make, *mug, 1200)).await.map(drop)
            },
            async |mug, a: &Result<(), SetPriceError>, b: &Result<(), SetPriceError>| {
                let holding: Vec<i64> = sqlx::query_scalar(
                    "SELECT amount::bigint FROM price WHERE variant_id = $1 AND valid @> $2",
                )
                .bind(mug)
                .bind(make.context.now())
                .fetch_all(&make.db)
                .await
                .unwrap();
                let told = loser(a, b);
                assert!(matches!(told, SetPriceError::Overlaps), "{told:?}");
                assert_eq!(holding, [if a.is_ok() { 1100 } else { 1200 }]);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}
