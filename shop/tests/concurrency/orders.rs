//! Orders that are cancelled while they are packed, sent, paid or returned.

use chrono::TimeDelta;
use shop::id::{FulfilmentId, OrderId, PaymentId, ReturnId};
use shop::order::{
    self, Cancelled, FulfilError, FulfilmentState, OrderRefusal, OrderState, Parcel, ParcelError,
    RequestReturn, RequestReturnError, Shipment, UnitsRefusal, Wanted,
};
use shop::payment::provider::fake::FakeProvider;
use shop::payment::{CaptureMode, MethodType, PayWith, Start, StartError, purchase, start};
use sqlx::PgPool;

use super::payments::books_agree;
use super::stock::ahead;
use super::{holds, loser};
use crate::make::payment::token;
use crate::make::{MadeOrder, Make};
use crate::orders::stage::{
    cancelling, confirmed, pack, request_return, returning, send, state, units,
};

type Cancellation = Result<Cancelled, order::CancelError>;

async fn cancel(make: &Make, db: &PgPool, order: &MadeOrder) -> Cancellation {
    order::cancel(db, &make.context, &cancelling(order, None)).await
}

/// On hand and allocated units of the first variant.
async fn stock(make: &Make, order: &MadeOrder) -> (i64, i64) {
    sqlx::query_as(
        "SELECT sum(on_hand)::bigint, sum(allocated)::bigint FROM stock_level
          WHERE variant_id = $1",
    )
    .bind(order.variants[0])
    .fetch_one(&make.db)
    .await
    .unwrap()
}

/// A paid order of two units of twelve, packed into one parcel.
async fn packed(make: &Make) -> (MadeOrder, FulfilmentId) {
    let order = confirmed(make, make.order().await).await;
    let parcel = pack(make, &order, Wanted::Everything).await[0].fulfilment;
    (order, parcel)
}

async fn ship(make: &Make, db: &PgPool, parcel: FulfilmentId) -> Result<OrderState, ParcelError> {
    order::ship(db, &make.context, parcel, &Shipment::default()).await
}

#[proofmark::test]
async fn an_order_is_cancelled_or_shipped(make: Make) {
    let explored = make
        .explore(
            async || packed(&make).await,
            async |db: PgPool, (order, _)| cancel(&make, &db, order).await,
            async |db: PgPool, (_, parcel)| ship(&make, &db, *parcel).await,
            async |(order, _),
                   cancelled: &Cancellation,
                   shipped: &Result<OrderState, ParcelError>| {
                let (is, left) = match (cancelled, shipped) {
                    (Ok(_), Err(ParcelError::State(FulfilmentState::Cancelled))) => {
                        (OrderState::Cancelled, (12, 0))
                    }
                    (Err(order::CancelError::Order(OrderRefusal::State(_))), Ok(_)) => {
                        (OrderState::Fulfilled, (10, 0))
                    }
                    both => panic!("{both:?}"),
                };
                assert_eq!(state(&make, order.id).await, is);
                assert_eq!(stock(&make, order).await, left);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn an_order_is_cancelled_once(make: Make) {
    let explored = make
        .explore(
            async || confirmed(&make, make.order().await).await,
            async |db: PgPool, order| cancel(&make, &db, order).await,
            async |db: PgPool, order| cancel(&make, &db, order).await,
            async |order, a: &Cancellation, b: &Cancellation| {
                let told = loser(a, b);
                let refusal = OrderRefusal::State(OrderState::Cancelled);
                assert!(
                    matches!(told, order::CancelError::Order(told) if *told == refusal),
                    "{told:?}"
                );
                assert_eq!(stock(&make, order).await, (12, 0));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_parcel_is_sent_once(make: Make) {
    type Shipped = Result<OrderState, ParcelError>;
    let explored = make
        .explore(
            async || packed(&make).await,
            async |db: PgPool, (_, parcel)| ship(&make, &db, *parcel).await,
            async |db: PgPool, (_, parcel)| ship(&make, &db, *parcel).await,
            async |(order, _), a: &Shipped, b: &Shipped| {
                let told = loser(a, b);
                assert!(matches!(told, ParcelError::State(FulfilmentState::Shipped)), "{told:?}");
                assert_eq!(stock(&make, order).await, (10, 0));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

type Packed = Result<Vec<Parcel>, FulfilError>;

#[proofmark::test]
async fn units_are_packed_once_by_two_packers(make: Make) {
    let everything = async |db: &PgPool, order: &MadeOrder| {
        order::fulfil(db, &make.context, order.id, &Wanted::Everything).await
    };
    let explored = make
        .explore(
            async || confirmed(&make, make.order().await).await,
            async |db: PgPool, order| everything(&db, order).await,
            async |db: PgPool, order| everything(&db, order).await,
            async |_, a: &Packed, b: &Packed| {
                let told = loser(a, b);
                assert!(matches!(told, FulfilError::Units(UnitsRefusal::None)), "{told:?}");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_unit_is_cancelled_or_packed(make: Make) {
    let explored = make
        .explore(
            async || confirmed(&make, make.order().await).await,
            async |db: PgPool, order| {
                let one = vec![units(order.lines[0], 1)];
                order::cancel(&db, &make.context, &cancelling(order, Some(one))).await
            },
            async |db: PgPool, order| {
                order::fulfil(&db, &make.context, order.id, &Wanted::Everything).await
            },
            async |order, cancelled: &Cancellation, parcels: &Packed| {
                let packed = parcels.as_ref().unwrap()[0].units[0].quantity.get();
                match cancelled {
                    Ok(_) => assert_eq!((packed, stock(&make, order).await), (1, (12, 1))),
                    Err(order::CancelError::Units(UnitsRefusal::TooMany { left: 0, .. })) => {
                        assert_eq!((packed, stock(&make, order).await), (2, (12, 2)));
                    }
                    Err(told) => panic!("{told:?}"),
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

/// What is asked to pay an order at once.
fn paying(order: &MadeOrder) -> Start {
    Start {
        order: order.id,
        amount: order.total,
        with: PayWith::Once { method_type: MethodType::Card, provider: "fake".parse().unwrap() },
        capture_mode: CaptureMode::Automatic,
        expires_at: None,
    }
}

async fn pay(make: &Make, db: &PgPool, order: &MadeOrder) -> Result<PaymentId, StartError> {
    shop::transact!(db, StartError, |connection| {
        start(connection, &make.context, &paying(order)).await
    })
}

#[proofmark::test]
async fn an_order_that_is_cancelled_while_it_is_paid_stays_cancelled(make: Make) {
    let explored = make
        .explore(
            async || -> (MadeOrder, FakeProvider, PaymentId) {
                let order = make.order().await;
                let payment = pay(&make, &make.db, &order).await.unwrap();
                (order, make.fake(), payment)
            },
            async |db: PgPool, (order, ..)| cancel(&make, &db, order).await,
            async |db: PgPool, (_, fake, payment)| {
                purchase(&db, &make.context, fake, *payment, token()).await
            },
            async |(order, fake, payment), cancelled: &Cancellation, paid: &_| {
                let paid: &Result<shop::payment::Attempted, _> = paid;
                cancelled.as_ref().unwrap();
                assert_eq!(state(&make, order.id).await, OrderState::Cancelled);
                assert_eq!(stock(&make, order).await, (12, 0));
                // The money that came for it is known, so that it can go back.
                let moved = books_agree(&make, fake, *payment).await;
                let came = if paid.is_ok() { order.total.minor() } else { 0 };
                assert_eq!(moved.captured, came);
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn an_order_expires_or_is_begun_to_be_paid(make: Make) {
    let explored = make
        .explore(
            async || make.order().await,
            async |db: PgPool, order| pay(&make, &db, order).await,
            async |db: PgPool, order| {
                let later = ahead(&make, &db, TimeDelta::hours(25));
                let wait = order::PAYMENT_WAIT;
                let expired = order::expire_unpaid(&later.db, &later.context, wait, 10).await;
                expired.unwrap().contains(&order.id)
            },
            async |order, begun: &Result<PaymentId, StartError>, expired: &bool| {
                assert_eq!(begun.is_ok(), !expired, "{begun:?}");
                let (is, allocated) =
                    if *expired { (OrderState::Expired, 0) } else { (OrderState::Placed, 2) };
                assert_eq!(state(&make, order.id).await, is);
                assert_eq!(stock(&make, order).await, (12, allocated));
                if let Err(told) = begun {
                    assert!(!matches!(told, StartError::Database(_)), "{told:?}");
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

type Requested = Result<ReturnId, RequestReturnError>;

#[proofmark::test]
async fn a_unit_is_sent_back_once(make: Make) {
    let back = async |db: &PgPool, order: &MadeOrder| {
        let request: RequestReturn = returning(order, vec![units(order.lines[0], 2)]);
        order::request_return(db, &make.context, &request).await
    };
    let explored = make
        .explore(
            async || {
                let order = confirmed(&make, make.order().await).await;
                send(&make, &order, 2).await;
                order
            },
            async |db: PgPool, order| back(&db, order).await,
            async |db: PgPool, order| back(&db, order).await,
            async |_, a: &Requested, b: &Requested| {
                let told = loser(a, b);
                assert!(
                    matches!(told, RequestReturnError::Units(UnitsRefusal::TooMany { .. })),
                    "{told:?}"
                );
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_return_is_approved_or_rejected(make: Make) {
    type Decided = Result<(), order::ReturnError>;
    let explored = make
        .explore(
            async || -> (OrderId, ReturnId) {
                let order = confirmed(&make, make.order().await).await;
                send(&make, &order, 2).await;
                (order.id, request_return(&make, &order, vec![units(order.lines[0], 1)]).await)
            },
            async |db: PgPool, (_, back)| {
                order::approve_return(&db, &make.context, *back).await.map(drop)
            },
            async |db: PgPool, (_, back)| {
                let reason = "worn".parse().unwrap();
                order::reject_return(&db, &make.context, *back, &reason).await.map(drop)
            },
            async |_, a: &Decided, b: &Decided| {
                let told = loser(a, b);
                assert!(matches!(told, order::ReturnError::State(_)), "{told:?}");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}
