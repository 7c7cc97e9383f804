//! A server that follows: it answers reads, refuses writes, and takes over.

use std::time::{Duration, Instant};

use proofmark_postgres::Server;
use shop::database::DatabaseError;
use shop::order::view;
use sqlx::PgPool;

use crate::make::Make;
use crate::make::kill::kill_all;
use crate::make::payment::eur;
use crate::scale::server::{pool_of, start_from, start_migrated};
use crate::workflows::Workflow;

/// A server, and one that follows it from the moment at which both were the same.
async fn pair() -> (Server, Server) {
    let folder = tempfile::tempdir().unwrap();
    let first = start_migrated(&[]).await;
    let image = first.save_to(&folder.path().join("image")).unwrap();
    let primary = start_from(&image, &[]);
    std::fs::write(image.path().join("data/standby.signal"), "").unwrap();
    let address = primary.address();
    let source = format!(
        "host={} port={} user={}",
        address.socket_dir.display(),
        address.port,
        address.user
    );
    let replica = start_from(&image, &[("primary_conninfo", &source), ("hot_standby", "on")]);
    (primary, replica)
}

/// Far longer than a replica on the same machine takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until the replica has all that the primary has written.
async fn caught_up(primary: &PgPool, replica: &PgPool) {
    let written: String =
        sqlx::query_scalar("SELECT pg_current_wal_lsn()::text").fetch_one(primary).await.unwrap();
    let since = Instant::now();
    loop {
        assert!(since.elapsed() < PATIENCE, "the replica does not follow");
        let there: bool = sqlx::query_scalar("SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn")
            .bind(&written)
            .fetch_one(replica)
            .await
            .unwrap();
        if there {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[proofmark::test(worker_threads = 2)]
async fn a_replica_answers_reads_and_takes_over_without_losing_what_it_has(make: Make) {
    let (primary, replica) = pair().await;
    let (db, copy) = (pool_of(&primary).await, pool_of(&replica).await);
    let flow = Workflow::new(&make.through(&db)).await;
    let variant = flow.make.variant().priced(eur(1_000)).in_stock(100).await;
    let mut guest = flow.guest();
    guest.take(variant, 2).await;
    let bought = guest.check_out().await;
    let order = bought.id;
    bought.pay().await;
    caught_up(&db, &copy).await;

    // Reads that may be late can go to the replica.
    let read = view(&copy, order, None).await.unwrap();
    assert_eq!(read, view(&db, order, None).await.unwrap());

    // Whatever decides is refused there, and nothing is half done.
    let on_copy = make.through(&copy);
    let refused = shop::inventory::sweep(&on_copy.db, &on_copy.context, 10).await;
    let Err(DatabaseError::Other(sqlx::Error::Database(error))) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(error.code().as_deref(), Some("25006"), "{error}"); // read_only_sql_transaction

    db.close().await;
    kill_all(primary.pid());
    let promoted: bool = sqlx::query_scalar("SELECT pg_promote()").fetch_one(&copy).await.unwrap();
    assert!(promoted);
    let flow = flow.through(&copy);
    let mut guest = flow.guest();
    guest.take(variant, 1).await;
    guest.check_out().await.pay().await;
    assert_eq!(flow.stock(variant).await, (100, 3, 0));
    flow.adds_up().await;
    copy.close().await;
    replica.stop().unwrap();
    primary.stop().unwrap();
}
