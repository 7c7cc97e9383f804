//! Every kind of fixture, and what several of them see of each other.

use proofmark::{FromLease, Lease, Transaction};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, PgPool};
use tokio_postgres::Client;

const SEAT: &str = "insert into seat (id, show_id, label) values (7, 1, 'A1')";
const COUNT: &str = "select count(*) from seat";

async fn count(client: &Client) -> i64 {
    client.query_one(COUNT, &[]).await.unwrap().get(0)
}

#[proofmark::test]
async fn a_pool_reaches_a_migrated_and_seeded_database(db: PgPool) {
    let title: String = sqlx::query_scalar("select title from show").fetch_one(&db).await.unwrap();
    assert_eq!(title, "The Cherry Orchard");
}

#[proofmark::test]
async fn one_test_may_use_a_key(db: PgPool) {
    sqlx::query(SEAT).execute(&db).await.unwrap();
}

#[proofmark::test]
async fn another_test_may_use_the_same_key(db: PgPool) {
    sqlx::query(SEAT).execute(&db).await.unwrap();
}

#[proofmark::test]
async fn all_fixtures_of_a_test_see_what_one_of_them_commits(
    writer: Client,
    reader: Client,
    pool: PgPool,
    mut connection: PgConnection,
    options: PgConnectOptions,
    settings: tokio_postgres::Config,
    lease: Lease,
) {
    writer.batch_execute(SEAT).await.unwrap();
    assert_eq!(count(&reader).await, 1);
    let seen = sqlx::query_scalar::<_, i64>(COUNT);
    assert_eq!(seen.fetch_one(&pool).await.unwrap(), 1);
    assert_eq!(sqlx::query_scalar::<_, i64>(COUNT).fetch_one(&mut connection).await.unwrap(), 1);
    assert_eq!(options.get_database(), Some(lease.database()));
    assert_eq!(settings.get_dbname(), Some(lease.database()));
    let mut by_url = PgConnection::connect(lease.url()).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(COUNT).fetch_one(&mut by_url).await.unwrap(), 1);
}

#[proofmark::test]
async fn a_lease_knows_its_test_and_its_database(lease: Lease, client: Client) {
    let test = "proofmark::main::fixtures::a_lease_knows_its_test_and_its_database";
    assert_eq!(lease.test(), test);
    assert_eq!(lease.name(), "box_office");
    let row = client.query_one("select current_database()::text", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), lease.database());
    let shown = format!("{lease:?}");
    assert!(shown.contains(test) && !shown.contains("://"), "{shown}");
}

#[proofmark::test(database = "box_office", worker_threads = 2)]
async fn a_test_may_block_its_thread_when_it_asks_for_others(db: PgPool) {
    let (sender, receiver) = std::sync::mpsc::channel();
    tokio::spawn(async move {
        let one: i32 = sqlx::query_scalar("select 1").fetch_one(&db).await.unwrap();
        sender.send(one).unwrap();
    });
    assert_eq!(receiver.recv_timeout(std::time::Duration::from_secs(30)), Ok(1));
}

#[proofmark::test]
async fn nobody_else_sees_a_transaction_of_tokio_postgres(
    transaction: Transaction<Client>,
    other: Client,
    lease: Lease,
) {
    transaction.batch_execute(SEAT).await.unwrap();
    assert_eq!(count(&transaction).await, 1);
    assert_eq!(count(&other).await, 0);
    drop(transaction);
    let settled = Client::from_lease(&lease).await.unwrap();
    // The key is free as soon as the server has rolled back; until then this waits for it.
    settled.batch_execute(SEAT).await.unwrap();
    assert_eq!(count(&other).await, 1);
}

#[proofmark::test]
async fn nobody_else_sees_a_transaction_of_sqlx_and_a_begin_inside_it_is_a_savepoint(
    mut transaction: Transaction<PgConnection>,
    other: Client,
) {
    let mut inner = transaction.begin().await.unwrap();
    sqlx::query(SEAT).execute(&mut *inner).await.unwrap();
    inner.commit().await.unwrap();
    let seen: i64 = sqlx::query_scalar(COUNT).fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(seen, 1);
    assert_eq!(count(&other).await, 0);
    drop(transaction);
    other.batch_execute(SEAT).await.unwrap();
    assert_eq!(count(&other).await, 1);
}

#[proofmark::test]
async fn a_transaction_hides_a_deferred_foreign_key_until_it_is_made_immediate(
    transaction: Transaction<Client>,
) {
    let orphan = "insert into seat (id, show_id, label) values (8, 99, 'B1')";
    transaction.batch_execute(orphan).await.unwrap();
    let refused = transaction.batch_execute("set constraints all immediate").await.unwrap_err();
    assert_eq!(refused.as_db_error().unwrap().constraint(), Some("seat_show_fkey"));
}

/// A fixture of a crate's own, made from two others.
struct BoxOffice {
    db: PgPool,
    database: String,
}

impl FromLease for BoxOffice {
    type Error = anyhow::Error;

    async fn from_lease(lease: &Lease) -> Result<Self, Self::Error> {
        let db = PgPool::from_lease(lease).await?;
        sqlx::query("insert into show (id, title) values (2, 'Uncle Vanya')").execute(&db).await?;
        Ok(Self { db, database: lease.database().to_owned() })
    }
}

#[proofmark::test]
async fn a_fixture_of_one_s_own_shares_the_database(
    BoxOffice { db, database }: BoxOffice,
    lease: Lease,
) -> anyhow::Result<()> {
    let shows: i64 = sqlx::query_scalar("select count(*) from show").fetch_one(&db).await?;
    assert_eq!(shows, 2);
    assert_eq!(database, lease.database());
    Ok(())
}
