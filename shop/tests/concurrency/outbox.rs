//! Workers that publish at the same time as each other, and as somebody who writes.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use shop::catalog::{UpdateProduct, update_product};
use shop::event::{Batch, Envelope, PublishError, Publisher, handle_once, publish_batch};
use shop::id::{EventId, Id as _, ProductId};
use sqlx::{PgConnection, PgPool};

use super::holds;
use crate::make::Make;

/// Keeps what it was given.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<Vec<(uuid::Uuid, i32)>>>);

impl Memory {
    /// The numbers of the events of one aggregate, in the order in which they came.
    fn of(&self, product: ProductId) -> Vec<i32> {
        let seen = self.0.lock().unwrap();
        seen.iter().filter(|(of, _)| *of == product.uuid()).map(|(_, seq)| *seq).collect()
    }
}

#[async_trait]
impl Publisher for Memory {
    async fn publish(&self, _: &mut PgConnection, event: &Envelope) -> Result<(), PublishError> {
        self.0.lock().unwrap().push((event.aggregate, event.seq));
        Ok(())
    }
}

async fn change(make: &Make, db: &PgPool, product: ProductId, version: i64) {
    let change = UpdateProduct {
        product,
        version,
        title: Some("Cup".parse().unwrap()),
        description: None,
        tax_class: None,
        status: None,
    };
    update_product(db, &make.context, change).await.unwrap();
}

/// Publishes whatever is left.
async fn drain(make: &Make, memory: &Memory) {
    loop {
        let batch = publish_batch(&make.db, &make.context, memory, 100).await.unwrap();
        if batch.published == 0 {
            break;
        }
    }
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

/// Two products with two events each that nobody has published.
async fn two_products(make: &Make) -> (Memory, [ProductId; 2]) {
    let memory = Memory::default();
    let products = [make.product().await, make.product().await];
    for product in products {
        change(make, &make.db, product, 0).await;
    }
    (memory, products)
}

#[proofmark::test]
async fn two_workers_publish_every_event_once_and_in_order(make: Make) {
    let explored = make
        .explore(
            async || two_products(&make).await,
            async |db: PgPool, (memory, _)| {
                publish_batch(&db, &make.context, memory, 100).await.unwrap()
            },
            async |db: PgPool, (memory, _)| {
                publish_batch(&db, &make.context, memory, 100).await.unwrap()
            },
            async |(memory, products), a: &Batch, b: &Batch| {
                assert_eq!(a.published + b.published, 4, "{a:?}, {b:?}");
                drain(&make, memory).await;
                for product in products {
                    assert_eq!(memory.of(*product), [1, 2]);
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn an_event_that_commits_late_is_not_passed_over(make: Make) {
    let explored = make
        .explore(
            async || two_products(&make).await,
            // Its event is numbered before it commits.
            async |db: PgPool, (_, [late, _])| change(&make, &db, *late, 1).await,
            async |db: PgPool, (memory, [_, early])| {
                change(&make, &db, *early, 1).await;
                publish_batch(&db, &make.context, memory, 100).await.unwrap();
            },
            async |(memory, products), (): &(), (): &()| {
                drain(&make, memory).await;
                for product in products {
                    assert_eq!(memory.of(*product), [1, 2, 3]);
                }
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn events_of_one_aggregate_are_published_in_order_while_it_changes(make: Make) {
    let explored = make
        .explore(
            async || two_products(&make).await,
            async |db: PgPool, (_, [product, _])| {
                change(&make, &db, *product, 1).await;
                change(&make, &db, *product, 2).await;
            },
            async |db: PgPool, (memory, _)| {
                publish_batch(&db, &make.context, memory, 1).await.unwrap();
            },
            async |(memory, [product, _]), (): &(), (): &()| {
                drain(&make, memory).await;
                assert_eq!(memory.of(*product), [1, 2, 3, 4]);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_consumer_that_gets_an_event_twice_handles_it_once(make: Make) {
    let consume = async |db: &PgPool, event: EventId| {
        let consumer = "mail".parse().unwrap();
        shop::transact!(db, shop::database::DatabaseError, |connection| {
            handle_once(connection, &make.context, &consumer, event).await
        })
        .unwrap()
    };
    let explored = make
        .explore(
            async || make.context.id::<EventId>(),
            async |db: PgPool, event| consume(&db, *event).await,
            async |db: PgPool, event| consume(&db, *event).await,
            async |_, a: &bool, b: &bool| {
                assert!(a ^ b, "{a}, {b}");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

/// The half-fix: a reader that remembers the last number, which was drawn before its commit.
#[proofmark::test]
async fn a_reader_that_remembers_the_last_number_passes_events_over(make: Make) {
    let write = async |db: &PgPool| {
        let mut transaction = db.begin().await.unwrap();
        sqlx::query("INSERT INTO half_outbox DEFAULT VALUES")
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    };
    let read = async |db: &PgPool, last: i64| -> Vec<i64> {
        sqlx::query_scalar("SELECT number FROM half_outbox WHERE number > $1 ORDER BY number")
            .bind(last)
            .fetch_all(db)
            .await
            .unwrap()
    };
    let explored = make
        .explore(
            async || {
                let tables = "
                    DROP TABLE IF EXISTS half_outbox;
                    CREATE TABLE half_outbox (number bigint GENERATED ALWAYS AS IDENTITY)";
                sqlx::raw_sql(tables).execute(&make.db).await.unwrap();
            },
            async |db: PgPool, (): &()| write(&db).await,
            async |db: PgPool, (): &()| {
                write(&db).await;
                read(&db, 0).await
            },
            async |(): &(), (): &(), seen: &Vec<i64>| {
                let last = seen.last().copied().unwrap_or(0);
                let later = read(&make.db, last).await;
                let all = [seen.as_slice(), &later].concat();
                assert_eq!(all, [1, 2], "first {seen:?}, then {later:?}");
            },
        )
        .await;
    explored.assert_breaks();
}
