//! The worker: at least once, in the order of each aggregate, whatever happens to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::Duration;
use shop::catalog::events::product::ProductUpdated;
use shop::catalog::{ProductStatus, UpdateProduct, update_product};
use shop::event::{
    Batch, Envelope, NotifyPublisher, PublishError, Publisher, Worker, handle_once, publish_batch,
};
use shop::id::{EventId, Id as _, ProductId};
use sqlx::postgres::PgListener;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::make::Make;

/// Long enough for a machine that is busy with something else.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// Keeps what it was given; refuses aggregates that it is told to; may never come back.
#[derive(Debug, Clone, Default)]
struct Memory {
    seen: Arc<Mutex<Vec<(Uuid, i32, EventId)>>>,
    refused: Arc<Mutex<Vec<Uuid>>>,
    hangs_at: Option<i32>,
    reached: Arc<Notify>,
}

impl Memory {
    /// The numbers of the events of one aggregate, in the order in which they came.
    fn of(&self, aggregate: Uuid) -> Vec<i32> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(of, ..)| *of == aggregate).map(|(_, seq, _)| *seq).collect()
    }
}

#[async_trait]
impl Publisher for Memory {
    async fn publish(&self, _: &mut PgConnection, event: &Envelope) -> Result<(), PublishError> {
        if self.refused.lock().unwrap().contains(&event.aggregate) {
            return Err(PublishError("not today".into()));
        }
        self.seen.lock().unwrap().push((event.aggregate, event.seq, event.id));
        if self.hangs_at == Some(event.seq) {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// A product with so many events.
async fn product_with(make: &Make, events: i64) -> ProductId {
    let product = make.product().await;
    for version in 0..events - 1 {
        let change = UpdateProduct {
            product,
            version,
            title: None,
            description: None,
            tax_class: None,
            status: Some(ProductStatus::Active),
        };
        update_product(&make.db, &make.context, change).await.unwrap();
    }
    product
}

async fn unpublished(make: &Make) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        .fetch_one(&make.db)
        .await
        .unwrap()
}

#[proofmark::test]
async fn every_event_is_published_once_in_the_order_of_its_aggregate(make: Make) {
    let products = [product_with(&make, 5).await, product_with(&make, 3).await];
    let publisher = Memory::default();
    let first = publish_batch(&make.db, &make.context, &publisher, 2).await.unwrap();
    assert_eq!(first, Batch { published: 4, stuck: vec![], full: true }); // Two of each.
    for _ in 0..3 {
        publish_batch(&make.db, &make.context, &publisher, 2).await.unwrap();
    }
    assert_eq!(publisher.of(products[0].uuid()), [1, 2, 3, 4, 5]);
    assert_eq!(publisher.of(products[1].uuid()), [1, 2, 3]);
    assert_eq!(unpublished(&make).await, 0);
    let none = publish_batch(&make.db, &make.context, &publisher, 2).await.unwrap();
    assert_eq!(none, Batch::default());
}

#[proofmark::test]
async fn a_publisher_that_fails_stops_one_aggregate_only(make: Make) {
    let (bad, good) = (product_with(&make, 3).await, product_with(&make, 3).await);
    let publisher = Memory::default();
    publisher.refused.lock().unwrap().push(bad.uuid());
    let mut worker = Worker::new(publisher.clone());
    let batch = worker.step(&make.db, &make.context).await.unwrap();
    assert_eq!((batch.published, batch.stuck.len()), (3, 1));
    assert_eq!(batch.stuck[0].aggregate, bad.uuid());
    assert!(batch.stuck[0].problem.contains("not today"));
    assert_eq!(publisher.of(good.uuid()), [1, 2, 3]);
    // It rests for a second, then it is tried again.
    assert_eq!(worker.step(&make.db, &make.context).await.unwrap(), Batch::default());
    make.clock.advance(Duration::seconds(1));
    assert_eq!(worker.step(&make.db, &make.context).await.unwrap().stuck.len(), 1);
    publisher.refused.lock().unwrap().clear();
    make.clock.advance(Duration::seconds(2));
    assert_eq!(worker.step(&make.db, &make.context).await.unwrap().published, 3);
    assert_eq!(publisher.of(bad.uuid()), [1, 2, 3]);
}

#[proofmark::test]
async fn a_worker_that_is_killed_loses_nothing(make: Make) {
    let product = product_with(&make, 4).await;
    let dying = Memory { hangs_at: Some(3), ..Memory::default() };
    {
        let batch = publish_batch(&make.db, &make.context, &dying, 10);
        tokio::select! {
            done = batch => panic!("it was to hang: {done:?}"),
            () = dying.reached.notified() => {} // Three are published, none is marked.
        }
    }
    assert_eq!(dying.of(product.uuid()), [1, 2, 3]);
    assert_eq!(unpublished(&make).await, 4);
    let next = Memory::default();
    // The locks of the killed worker go with its connection's transaction, which is rolled back
    // when the connection is used again.
    let published = async {
        while publish_batch(&make.db, &make.context, &next, 10).await.unwrap().published == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, published).await.expect("the locks go");
    assert_eq!(next.of(product.uuid()), [1, 2, 3, 4]);
    assert_eq!(unpublished(&make).await, 0);
}

#[proofmark::test]
async fn two_workers_never_have_one_aggregate(make: Make) {
    let busy = product_with(&make, 3).await;
    let first = Memory { hangs_at: Some(2), ..Memory::default() };
    let mut running = Box::pin(publish_batch(&make.db, &make.context, &first, 10));
    tokio::select! {
        done = &mut running => panic!("it was to hang: {done:?}"),
        () = first.reached.notified() => {}
    }
    // The first is in the middle of `busy`: the second takes what is left, and does not wait.
    let free = product_with(&make, 2).await;
    let second = Memory::default();
    publish_batch(&make.db, &make.context, &second, 10).await.unwrap();
    assert!(second.of(busy.uuid()).is_empty());
    assert_eq!(second.of(free.uuid()), [1, 2]);
}

#[proofmark::test]
async fn many_workers_keep_the_order(make: Make) {
    let mut products = Vec::new();
    for _ in 0..6 {
        products.push(product_with(&make, 5).await);
    }
    let publisher = Memory::default();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (make, publisher) = (make.clone(), publisher.clone());
        tasks.spawn(async move {
            while unpublished(&make).await > 0 {
                publish_batch(&make.db, &make.context, &publisher, 2).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    for product in products {
        assert_eq!(publisher.of(product.uuid()), [1, 2, 3, 4, 5]);
    }
}

#[proofmark::test]
async fn an_event_that_commits_late_is_published_late_and_holds_up_no_other(make: Make) {
    let (slow, quick) = (make.product().await, make.product().await);
    let publisher = Memory::default();
    publish_batch(&make.db, &make.context, &publisher, 10).await.unwrap();
    let told = |product| ProductUpdated { product, version: 1 };
    let mut late = make.db.begin().await.unwrap();
    shop::event::append(&mut late, &make.context, slow, &told(slow)).await.unwrap();
    let mut next = make.db.begin().await.unwrap();
    shop::event::append(&mut next, &make.context, quick, &told(quick)).await.unwrap();
    next.commit().await.unwrap();
    // The earlier position is not committed yet; a reader who remembers positions would pass it.
    publish_batch(&make.db, &make.context, &publisher, 10).await.unwrap();
    assert_eq!(publisher.of(quick.uuid()), [1, 2]);
    assert_eq!(publisher.of(slow.uuid()), [1]);
    late.commit().await.unwrap();
    publish_batch(&make.db, &make.context, &publisher, 10).await.unwrap();
    assert_eq!(publisher.of(slow.uuid()), [1, 2]);
}

#[proofmark::test]
async fn an_older_transaction_that_comes_second_is_published_second(make: Make) {
    let product = make.product().await;
    let mut connection = PgConnection::connect(make.lease.url()).await.unwrap();
    let mut older = connection.begin().await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *older).await.unwrap();
    let event = ProductUpdated { product, version: 1 };
    let mut newer = make.db.begin().await.unwrap();
    shop::event::append(&mut newer, &make.context, product, &event).await.unwrap();
    newer.commit().await.unwrap();
    shop::event::append(&mut older, &make.context, product, &event).await.unwrap();
    older.commit().await.unwrap();
    let by_xid: Vec<i32> = sqlx::query_scalar("SELECT seq FROM outbox ORDER BY xid, position")
        .fetch_all(&make.db)
        .await
        .unwrap();
    assert_eq!(by_xid, [1, 3, 2], "the trap is set");
    let publisher = Memory::default();
    while unpublished(&make).await > 0 {
        publish_batch(&make.db, &make.context, &publisher, 1).await.unwrap();
    }
    assert_eq!(publisher.of(product.uuid()), [1, 2, 3]);
}

#[proofmark::test]
async fn listeners_hear_the_id_when_the_event_is_marked(make: Make) {
    let mut listener = PgListener::connect(make.lease.url()).await.unwrap();
    listener.listen("shop_events").await.unwrap();
    let product = make.product().await;
    let batch = publish_batch(&make.db, &make.context, &NotifyPublisher::default(), 10).await;
    assert_eq!(batch.unwrap().published, 1);
    let heard = listener.recv().await.unwrap();
    let event: EventId = heard.payload().parse().unwrap();
    let (of, published): (Uuid, bool) =
        sqlx::query_as("SELECT aggregateid, published_at IS NOT NULL FROM outbox WHERE id = $1")
            .bind(event)
            .fetch_one(&make.db)
            .await
            .unwrap();
    assert_eq!((of, published), (product.uuid(), true));
}

#[proofmark::test]
async fn an_event_is_marked_although_the_clock_went_back(make: Make) {
    make.product().await;
    make.clock.advance(Duration::days(-1));
    let publisher = Memory::default();
    publish_batch(&make.db, &make.context, &publisher, 10).await.unwrap();
    assert_eq!(unpublished(&make).await, 0);
}

#[proofmark::test]
async fn a_consumer_handles_an_event_once(make: Make) {
    let (consumer, other) = ("mailer".parse().unwrap(), "search".parse().unwrap());
    let event: EventId = make.context.id();
    let mut handled = HashMap::new();
    for (name, consumer, commit) in [
        ("given up", &consumer, false),
        ("first", &consumer, true),
        ("again", &consumer, true),
        ("another consumer", &other, true),
    ] {
        let mut transaction = make.db.begin().await.unwrap();
        let new = handle_once(&mut transaction, &make.context, consumer, event).await.unwrap();
        handled.insert(name, new);
        if commit {
            transaction.commit().await.unwrap();
        }
    }
    let expected = HashMap::from([
        ("given up", true),
        ("first", true),
        ("again", false),
        ("another consumer", true),
    ]);
    assert_eq!(handled, expected);
}
