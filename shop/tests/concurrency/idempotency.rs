//! A request that comes twice is one request.
//!
//! The service claims a key in the transaction of the work; here this is done with the work of
//! beginning a payment.

use chrono::TimeDelta;
use shop::database::DatabaseError;
use shop::id::{OrderId, PaymentId};
use shop::payment::{CaptureMode, MethodType, PayWith, Start, StartError, start};
use sqlx::{PgPool, Row as _};

use super::{holds, loser};
use crate::make::Make;
use crate::make::payment::eur;

#[derive(Debug, thiserror::Error)]
enum OnceError {
    #[error("the key was used for another request")]
    Reused,
    #[error(transparent)]
    Work(#[from] StartError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

shop::refusals!(OnceError {});

/// Begins a payment of the order once per key, and gives the same answer however often it is asked.
async fn pay_once(make: &Make, order: OrderId, key: &str, minor: i64) -> Result<String, OnceError> {
    let now = make.context.now();
    let hash: Vec<u8> = (0..32).map(|at| minor.to_be_bytes()[at % 8]).collect();
    shop::transact!(&make.db, OnceError, |connection| {
        let claimed = sqlx::query(
            "INSERT INTO idempotency_key (scope, key, request_hash, locked_until, created_at,
                                          expires_at)
             VALUES ('tried', $1, $2, $3, $3, $4)
                 ON CONFLICT ON CONSTRAINT idempotency_key_once DO NOTHING",
        )
        .bind(key)
        .bind(&hash)
        .bind(now)
        .bind(now + TimeDelta::days(1))
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if claimed == 0 {
            let row = sqlx::query(
                "SELECT request_hash::bytea, response_body FROM idempotency_key
                  WHERE scope = 'tried' AND key = $1",
            )
            .bind(key)
            .fetch_one(&mut *connection)
            .await?;
            if row.try_get::<Vec<u8>, _>(0)? != hash {
                Err(OnceError::Reused)?;
            }
            Ok(row.try_get(1)?)
        } else {
            let method_type = MethodType::Card;
            let request = Start {
                order,
                amount: eur(minor),
                with: PayWith::Once { method_type, provider: "fake".parse().unwrap() },
                capture_mode: CaptureMode::Manual,
                expires_at: None,
            };
            let payment: PaymentId = start(connection, &make.context, &request).await?;
            let body = payment.to_string();
            sqlx::query(
                "UPDATE idempotency_key
                    SET state = 'completed', response_status = 201, response_body = $2
                  WHERE scope = 'tried' AND key = $1",
            )
            .bind(key)
            .bind(&body)
            .execute(&mut *connection)
            .await?;
            Ok(body)
        }
    })
}

/// An order that could be paid twice over by halves, and a key.
async fn order_and_key(make: &Make) -> (OrderId, String) {
    (make.order_of(eur(10_000), None).await, make.name("key"))
}

async fn payments(make: &Make, order: OrderId) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM payment WHERE order_id = $1")
        .bind(order)
        .fetch_one(&make.db)
        .await
        .unwrap()
}

type Answered = Result<String, OnceError>;

#[proofmark::test]
async fn a_request_that_comes_twice_is_answered_twice_and_done_once(make: Make) {
    let explored = make
        .explore(
            async || order_and_key(&make).await,
            async |db: PgPool, (order, key)| pay_once(&make.through(&db), *order, key, 4_000).await,
            async |db: PgPool, (order, key)| pay_once(&make.through(&db), *order, key, 4_000).await,
            async |(order, _), a: &Answered, b: &Answered| {
                assert_eq!(a.as_ref().unwrap(), b.as_ref().unwrap());
                assert_eq!(payments(&make, *order).await, 1);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_key_is_for_one_request_only(make: Make) {
    let explored = make
        .explore(
            async || order_and_key(&make).await,
            async |db: PgPool, (order, key)| pay_once(&make.through(&db), *order, key, 4_000).await,
            async |db: PgPool, (order, key)| pay_once(&make.through(&db), *order, key, 5_000).await,
            async |(order, _), a: &Answered, b: &Answered| {
                let told = loser(a, b);
                assert!(matches!(told, OnceError::Reused), "{told:?}");
                assert_eq!(payments(&make, *order).await, 1);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}
