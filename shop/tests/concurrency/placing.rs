//! Orders that are placed while somebody else wants the same cart, stock, voucher or price.

use chrono::TimeDelta;
use shop::cart::{
    self, AddLineError, BeginCheckoutError, CartRefusal, CartState, Checkout, LeaveCheckoutError,
};
use shop::catalog::{SetPrice, set_price};
use shop::id::{CustomerId, OrderId, VariantId, VoucherId};
use shop::inventory::{Strategy, sweep};
use shop::order::{Place, PlaceError, Placed, place};
use shop::pricing::delete_promotion;
use sqlx::PgPool;

use super::stock::ahead;
use super::{holds, loser, no_deadlock};
use crate::carts::stage::{check_out, eur, state, units, variant};
use crate::make::{MadeCart, Make};

type Bought = Result<Placed, PlaceError>;

async fn buy(make: &Make, cart: &MadeCart) -> Bought {
    place(&make.db, &make.context, &make.placing(cart.request())).await
}

/// A cart in checkout with two of a variant, of which ten were there.
async fn in_checkout(make: &Make) -> (MadeCart, VariantId) {
    make.german_tax().await;
    let mug = make.variant().priced(eur(1000)).in_stock(10).await;
    let cart = make.cart().with(mug, 2).await;
    check_out(make, &cart).await;
    (cart, mug)
}

/// Reserved and allocated units of a variant.
async fn claimed(make: &Make, variant: VariantId) -> (i64, i64) {
    sqlx::query_as(
        "SELECT sum(reserved)::bigint, sum(allocated)::bigint FROM stock_level
          WHERE variant_id = $1",
    )
    .bind(variant)
    .fetch_one(&make.db)
    .await
    .unwrap()
}

#[proofmark::test]
async fn a_cart_becomes_one_order(make: Make) {
    let explored = make
        .explore(
            async || in_checkout(&make).await,
            async |db: PgPool, (cart, _)| buy(&make.through(&db), cart).await,
            async |db: PgPool, (cart, _)| buy(&make.through(&db), cart).await,
            async |(_, mug), a: &Bought, b: &Bought| {
                let told = loser(a, b);
                let refusal = CartRefusal::State(CartState::Converted);
                assert!(matches!(told, PlaceError::Cart(told) if *told == refusal), "{told:?}");
                assert_eq!(claimed(&make, *mug).await, (0, 2));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn nothing_is_added_to_a_cart_while_it_becomes_an_order(make: Make) {
    let explored = make
        .explore(
            async || in_checkout(&make).await,
            async |db: PgPool, (cart, _)| buy(&make.through(&db), cart).await,
            async |db: PgPool, (cart, mug)| {
                cart::add_line(&db, &make.context, &cart.request(), *mug, units(3)).await
            },
            async |(_, mug), bought: &Bought, added: &Result<_, AddLineError>| {
                let told = added.as_ref().map(drop).unwrap_err();
                assert!(matches!(told, AddLineError::Cart(CartRefusal::State(_))), "{told:?}");
                let total = bought.as_ref().unwrap().quote.totals.grand_total;
                assert_eq!((total, claimed(&make, *mug).await), (eur(2000), (0, 2)));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_checkout_is_left_or_becomes_an_order(make: Make) {
    let explored = make
        .explore(
            async || in_checkout(&make).await,
            async |db: PgPool, (cart, _)| buy(&make.through(&db), cart).await,
            async |db: PgPool, (cart, _)| {
                cart::leave_checkout(&db, &make.context, &cart.request()).await.map(drop)
            },
            async |(cart, mug), bought: &Bought, left: &Result<(), LeaveCheckoutError>| {
                match (bought, left) {
                    (Ok(_), Err(LeaveCheckoutError::Cart(CartRefusal::State(_)))) => {
                        assert_eq!(claimed(&make, *mug).await, (0, 2));
                    }
                    (Err(PlaceError::Cart(CartRefusal::State(CartState::Active))), Ok(())) => {
                        assert_eq!(claimed(&make, *mug).await, (0, 0));
                        assert_eq!(state(&make, cart).await, CartState::Active);
                    }
                    both => panic!("{both:?}"),
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn stock_that_expires_while_an_order_is_placed_is_its_or_free(make: Make) {
    let explored = make
        .explore(
            async || in_checkout(&make).await,
            async |db: PgPool, (cart, _)| buy(&make.through(&db), cart).await,
            async |db: PgPool, _| {
                let later = ahead(&make, &db, TimeDelta::minutes(16));
                sweep(&later.db, &later.context, 10).await.unwrap().expired
            },
            async |(_, mug), bought: &Bought, expired: &usize| {
                match bought {
                    Ok(_) => assert_eq!((*expired, claimed(&make, *mug).await), (0, (0, 2))),
                    Err(PlaceError::HoldExpired { .. }) => {
                        assert_eq!((*expired, claimed(&make, *mug).await), (1, (0, 0)));
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
async fn a_cart_that_expires_becomes_an_order_or_nothing(make: Make) {
    let explored = make
        .explore(
            async || in_checkout(&make).await,
            async |db: PgPool, (cart, _)| buy(&make.through(&db), cart).await,
            async |db: PgPool, (cart, _)| {
                let later = ahead(&make, &db, TimeDelta::days(100));
                let expired = cart::expire_due(&later.db, &later.context, 10).await.unwrap();
                expired.contains(&cart.id)
            },
            async |(_, mug), bought: &Bought, expired: &bool| {
                match bought {
                    Ok(_) => assert_eq!((*expired, claimed(&make, *mug).await), (false, (0, 2))),
                    Err(PlaceError::Cart(CartRefusal::State(CartState::Expired))) => {
                        assert_eq!((*expired, claimed(&make, *mug).await), (true, (0, 0)));
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
async fn the_last_unit_goes_into_one_checkout(make: Make) {
    let begin = async |db: &PgPool, cart: &MadeCart| {
        let request = cart.request();
        cart::begin_checkout(db, &make.context, &request, Strategy::MostStock).await
    };
    let explored = make
        .explore(
            async || {
                let mug = make.variant().priced(eur(1000)).in_stock(1).await;
                ([make.cart().with(mug, 1).await, make.cart().with(mug, 1).await], mug)
            },
            async |db: PgPool, (carts, _)| begin(&db, &carts[0]).await,
            async |db: PgPool, (carts, _)| begin(&db, &carts[1]).await,
            async |(_, mug), a: &Result<Checkout, _>, b: &Result<Checkout, _>| {
                let told = loser(a, b);
                assert!(matches!(told, BeginCheckoutError::OutOfStock { .. }), "{told:?}");
                assert_eq!(claimed(&make, *mug).await, (1, 0));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn orders_of_the_same_goods_in_opposite_order_get_numbers_of_their_own(make: Make) {
    let explored = make
        .explore(
            async || {
                make.german_tax().await;
                let mug = make.variant().priced(eur(1000)).in_stock(10).await;
                let cup = make.variant().priced(eur(500)).in_stock(10).await;
                let one = make.cart().with(mug, 2).with(cup, 1).await;
                let other = make.cart().with(cup, 3).with(mug, 1).await;
                check_out(&make, &one).await;
                check_out(&make, &other).await;
                ([one, other], mug, cup)
            },
            async |db: PgPool, (carts, ..)| buy(&make.through(&db), &carts[0]).await,
            async |db: PgPool, (carts, ..)| buy(&make.through(&db), &carts[1]).await,
            async |(_, mug, cup), a: &Bought, b: &Bought| {
                let (a, b) = (a.as_ref().unwrap(), b.as_ref().unwrap());
                assert_ne!(a.number, b.number);
                assert_eq!(claimed(&make, *mug).await, (0, 3));
                assert_eq!(claimed(&make, *cup).await, (0, 4));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
    no_deadlock(&explored);
}

/// Two carts in checkout with one voucher that may be used once.
async fn one_voucher(make: &Make) -> ([MadeCart; 2], VoucherId) {
    make.german_tax().await;
    let mug = variant(make, 1000).await;
    let voucher = make.voucher().limited_to(1).await;
    let cart = async || {
        let cart = make.cart().with(mug, 1).await;
        let request = cart.request();
        cart::enter_voucher(&make.db, &make.context, &request, &voucher.code).await.unwrap();
        check_out(make, &cart).await;
        cart
    };
    ([cart().await, cart().await], voucher.id)
}

#[proofmark::test]
async fn the_last_use_of_a_voucher_goes_into_one_order(make: Make) {
    let explored = make
        .explore(
            async || one_voucher(&make).await,
            async |db: PgPool, (carts, _)| buy(&make.through(&db), &carts[0]).await,
            async |db: PgPool, (carts, _)| buy(&make.through(&db), &carts[1]).await,
            async |(carts, voucher), a: &Bought, b: &Bought| {
                let told = loser(a, b);
                assert!(matches!(told, PlaceError::VoucherUsedUp), "{told:?}");
                let used: i64 =
                    sqlx::query_scalar("SELECT used::bigint FROM voucher WHERE id = $1")
                        .bind(voucher)
                        .fetch_one(&make.db)
                        .await
                        .unwrap();
                assert_eq!(used, 1);
                let lost = &carts[usize::from(a.is_ok())];
                assert_eq!(state(&make, lost).await, CartState::Checkout, "nothing was written");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

/// The claim of a voucher as placing makes it. A customer has one open cart, so two orders of one
/// customer cannot be placed at the same time; the claim is guarded all the same.
async fn redeem(
    make: &Make,
    order: OrderId,
    voucher: VoucherId,
    ada: CustomerId,
) -> Result<(), PlaceError> {
    sqlx::query(
        "INSERT INTO voucher_redemption (order_id, voucher_id, limited_per_customer, customer_id,
                                         redeemed_at)
         SELECT $1, id, limited_per_customer, $3, $4 FROM voucher WHERE id = $2",
    )
    .bind(order)
    .bind(voucher)
    .bind(ada)
    .bind(make.context.now())
    .execute(&make.db)
    .await?;
    Ok(())
}

#[proofmark::test]
async fn a_voucher_for_one_use_per_customer_is_used_once_by_one(make: Make) {
    type Redeemed = Result<(), PlaceError>;
    let explored = make
        .explore(
            async || {
                let ada = make.customer().await;
                let voucher = make.voucher().per_customer(1).await.id;
                let orders = [
                    make.order().of(ada).untracked().await.id,
                    make.order().of(ada).untracked().await.id,
                ];
                (orders, voucher, ada)
            },
            async |db: PgPool, (orders, voucher, ada)| {
                redeem(&make.through(&db), orders[0], *voucher, *ada).await
            },
            async |db: PgPool, (orders, voucher, ada)| {
                redeem(&make.through(&db), orders[1], *voucher, *ada).await
            },
            async |_, a: &Redeemed, b: &Redeemed| {
                let told = loser(a, b);
                assert!(matches!(told, PlaceError::VoucherUsedUpByCustomer), "{told:?}");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn the_price_that_was_shown_is_the_price_that_is_charged(make: Make) {
    let explored = make
        .explore(
            async || {
                let (cart, mug) = in_checkout(&make).await;
                make.clock.advance(TimeDelta::seconds(1));
                (cart, mug)
            },
            async |db: PgPool, (cart, _)| {
                let shown = Some(eur(2000));
                let wanted = Place { expected_total: shown, ..make.placing(cart.request()) };
                place(&db, &make.context, &wanted).await
            },
            async |db: PgPool, (_, mug)| {
                let price = SetPrice {
                    variant: *mug,
                    price_list: "default".parse().unwrap(),
                    min_quantity: units(1),
                    amount: eur(1200),
                    tax_included: true,
                    from: make.context.now(),
                    until: None,
                };
                set_price(&db, &make.context, price).await.unwrap();
            },
            async |_, bought: &Bought, (): &()| {
                let totals = &bought.as_ref().unwrap().quote.totals;
                assert_eq!(totals.grand_total, eur(2000));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_promotion_that_ends_meanwhile_is_charged_as_shown_or_told(make: Make) {
    let explored = make
        .explore(
            async || {
                let promotion = make.promotion().await;
                let (cart, _) = in_checkout(&make).await;
                (cart, promotion)
            },
            async |db: PgPool, (cart, _)| {
                let shown = Some(eur(1800));
                let wanted = Place { expected_total: shown, ..make.placing(cart.request()) };
                place(&db, &make.context, &wanted).await
            },
            async |db: PgPool, (_, promotion)| {
                delete_promotion(&db, &make.context, *promotion).await.unwrap();
            },
            async |_, bought: &Bought, (): &()| {
                match bought {
                    Ok(placed) => assert_eq!(placed.quote.totals.grand_total, eur(1800)),
                    Err(PlaceError::PriceChanged { shown, now }) => {
                        assert_eq!((*shown, *now), (eur(1800), eur(2000)));
                    }
                    Err(told) => panic!("{told:?}"),
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}
