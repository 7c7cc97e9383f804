//! Every kind of fixture, and what several of them see of each other.

use proofmark::Lease;
use sqlx::{PgConnection, PgPool};
use tokio_postgres::Client;

const SEAT: &str = "insert into seat (id, show_id, label) values (7, 1, 'A1')";

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
    settings: tokio_postgres::Config,
    lease: Lease,
) {
    writer.batch_execute(SEAT).await.unwrap();
    let count = "select count(*) from seat";
    assert_eq!(reader.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 1);
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await.unwrap(), 1);
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut connection).await.unwrap(), 1);
    assert_eq!(settings.get_dbname(), Some(lease.database()));
    let by_url = PgPool::connect(lease.url()).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&by_url).await.unwrap(), 1);
    by_url.close().await;
}
