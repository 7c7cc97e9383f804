//! Events through logical replication, as Debezium reads them: from the log, not from the table.

use std::collections::HashMap;

use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use crate::make::Make;
use crate::make::payment::eur;
use crate::scale::server::{pool_of, start_migrated};
use crate::workflows::Workflow;

/// An event as the log tells it: its id, of which aggregate, and its number.
type Told = (Uuid, (String, Uuid), i32);

/// The value of a column in a line of `test_decoding`, such as `seq[integer]:3`.
fn column<'a>(line: &'a str, name: &str) -> &'a str {
    let (_, rest) = line.split_once(&format!(" {name}[")).unwrap();
    let (_, value) = rest.split_once("]:").unwrap();
    value.split(' ').next().unwrap().trim_matches('\'')
}

/// What was inserted into the outbox since the last time, in the order of commits.
async fn consume(db: &PgPool) -> Vec<Told> {
    let rows = sqlx::query("SELECT data FROM pg_logical_slot_get_changes('consumer', NULL, NULL)")
        .fetch_all(db)
        .await
        .unwrap();
    let lines = rows.iter().map(|row| row.get::<String, _>("data"));
    lines
        .filter(|line| line.starts_with("table public.outbox: INSERT:"))
        .map(|line| {
            let of = column(&line, "aggregatetype").to_owned();
            let aggregate = (of, column(&line, "aggregateid").parse().unwrap());
            let seq = column(&line, "seq").parse().unwrap();
            (column(&line, "id").parse().unwrap(), aggregate, seq)
        })
        .collect()
}

#[proofmark::test(worker_threads = 2)]
async fn a_consumer_of_the_log_gets_each_event_once_in_the_order_of_its_aggregate(make: Make) {
    let server = start_migrated(&[("wal_level", "logical"), ("max_replication_slots", "2")]).await;
    let db = pool_of(&server).await;
    sqlx::query("SELECT pg_create_logical_replication_slot('consumer', 'test_decoding')")
        .execute(&db)
        .await
        .unwrap();
    let flow = Workflow::new(&make.through(&db)).await;
    let variant = flow.make.variant().priced(eur(1_000)).in_stock(100).await;
    let mut told = consume(&db).await;
    for _ in 0..3 {
        let mut shoppers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let flow = flow.clone();
            shoppers.spawn(async move {
                let mut guest = flow.guest();
                guest.take(variant, 2).await;
                guest.check_out().await.pay().await;
            });
        }
        shoppers.join_all().await;
        // A consumer that comes back goes on where it was.
        told.extend(consume(&db).await);
    }

    let mut last: HashMap<(String, Uuid), i32> = HashMap::new();
    for (event, aggregate, seq) in &told {
        let before = last.insert(aggregate.clone(), *seq).unwrap_or(0);
        assert_eq!(*seq, before + 1, "event {event} of {aggregate:?}");
    }
    let mut ids: Vec<Uuid> = told.iter().map(|(event, ..)| *event).collect();
    ids.sort_unstable();
    let written: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM outbox ORDER BY id").fetch_all(&db).await.unwrap();
    assert!(written.len() > 12 * 10, "{}", written.len());
    assert_eq!(ids, written);
    db.close().await;
    server.stop().unwrap();
}
