//! Orders that nobody pays.

use chrono::TimeDelta;
use shop::order::{self, ConfirmError, OrderState, PAYMENT_WAIT};

use super::stage::{confirm, confirmed, eur, state};
use crate::make::Make;

#[proofmark::test]
async fn an_order_waits_for_its_payment_and_no_longer(make: Make) {
    let (db, context) = (&make.db, &make.context);
    let unpaid = make.order().await;
    let paid = confirmed(&make, make.order().await).await;
    make.clock.advance(PAYMENT_WAIT - TimeDelta::microseconds(1));
    assert_eq!(order::expire_unpaid(db, context, PAYMENT_WAIT, 10).await.unwrap(), []);
    make.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(order::expire_unpaid(db, context, PAYMENT_WAIT, 10).await.unwrap(), [unpaid.id]);
    assert_eq!(order::expire_unpaid(db, context, PAYMENT_WAIT, 10).await.unwrap(), []);
    assert_eq!(state(&make, unpaid.id).await, OrderState::Expired);
    assert_eq!(state(&make, paid.id).await, OrderState::Confirmed);
    // Money that comes now must go back.
    let late = confirm(&make, unpaid.id).await;
    assert!(matches!(late, Err(ConfirmError::Closed(OrderState::Expired))), "{late:?}");
    let owed = order::owed(db, unpaid.id).await.unwrap();
    assert_eq!(owed.lines[0].amount, eur(2000));
}

#[proofmark::test]
async fn orders_expire_in_batches(make: Make) {
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(make.order().await.id);
    }
    make.clock.advance(PAYMENT_WAIT);
    let mut expired = Vec::new();
    for left in [2, 1, 0] {
        let batch = order::expire_unpaid(&make.db, &make.context, PAYMENT_WAIT, 2).await.unwrap();
        assert_eq!(batch.len(), left.min(2).min(3 - expired.len()));
        expired.extend(batch);
    }
    expired.sort();
    assert_eq!(expired, orders);
}

#[proofmark::test]
async fn of_expiry_and_confirmation_one_happens(make: Make) {
    for _ in 0..5 {
        let order = make.order().await;
        make.clock.advance(PAYMENT_WAIT);
        let (confirmed, expired) = tokio::join!(
            confirm(&make, order.id),
            order::expire_unpaid(&make.db, &make.context, PAYMENT_WAIT, 10)
        );
        let expired = expired.unwrap().contains(&order.id);
        assert_ne!(confirmed.is_ok(), expired, "{confirmed:?}");
        let wanted = if expired { OrderState::Expired } else { OrderState::Confirmed };
        assert_eq!(state(&make, order.id).await, wanted);
    }
}

#[proofmark::test]
async fn an_unknown_order_is_not_confirmed(make: Make) {
    let refused = confirm(&make, make.context.id()).await;
    assert!(matches!(refused, Err(ConfirmError::NotFound)), "{refused:?}");
}
