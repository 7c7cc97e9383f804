//! Carts that end without an order.

use chrono::TimeDelta;
use shop::cart::{self, CartState};

use super::stage::{check_out, state, variant};
use crate::make::Make;

#[proofmark::test]
async fn a_customer_who_gave_a_cart_up_may_have_another(make: Make) {
    let ada = make.customer().await;
    let first = make.cart().of(ada).await;
    cart::abandon(&make.db, &make.context, &first.request()).await.unwrap();
    make.cart().of(ada).await;
    assert_eq!(state(&make, &first).await, CartState::Abandoned);
}

#[proofmark::test]
async fn carts_expire_when_their_time_is_over_and_not_before(make: Make) {
    let mug = variant(&make, 100).await;
    let (empty, held) = (make.cart().await, make.cart().with(mug, 1).await);
    check_out(&make, &held).await;
    let customers = make.cart().of(make.customer().await).await;
    let (db, context) = (&make.db, &make.context);
    make.clock.advance(TimeDelta::days(30) - TimeDelta::microseconds(1));
    assert_eq!(cart::expire_due(db, context, 100).await.unwrap(), []);
    make.clock.advance(TimeDelta::microseconds(1));
    // In batches of what the limit says.
    let mut expired = cart::expire_due(db, context, 1).await.unwrap();
    expired.extend(cart::expire_due(db, context, 1).await.unwrap());
    expired.sort();
    assert_eq!(expired, [empty.id, held.id]);
    assert_eq!(cart::expire_due(db, context, 1).await.unwrap(), []);
    for cart in [&empty, &held] {
        assert_eq!(state(&make, cart).await, CartState::Expired);
    }
    assert_eq!(state(&make, &customers).await, CartState::Active);
}

#[proofmark::test]
async fn a_cart_that_somebody_works_on_is_left_alone(make: Make) {
    let cart = make.cart().await;
    make.clock.advance(TimeDelta::days(31));
    let mut work = make.db.begin().await.unwrap();
    sqlx::query("SELECT FROM cart WHERE id = $1 FOR UPDATE")
        .bind(cart.id)
        .execute(&mut *work)
        .await
        .unwrap();
    assert_eq!(cart::expire_due(&make.db, &make.context, 100).await.unwrap(), []);
    work.rollback().await.unwrap();
    assert_eq!(cart::expire_due(&make.db, &make.context, 100).await.unwrap(), [cart.id]);
}
