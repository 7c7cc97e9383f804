//! What a test may return, and what it may do to its database.

use sqlx::PgPool;
use tokio_postgres::Client;

#[proofmark::test]
async fn a_test_may_return_a_result(db: PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("insert into show (id, title) values (2, 'Ivanov')").execute(&db).await?;
    Ok(())
}

#[proofmark::test]
async fn a_test_needs_no_fixture() {}

#[proofmark::test]
#[should_panic(expected = "seat_label_once_per_show")]
async fn a_test_may_be_one_that_should_panic(client: Client) {
    let seats = "insert into seat (id, show_id, label) values (1, 1, 'A1'), (2, 1, 'A1')";
    let refused = client.batch_execute(seats).await.unwrap_err();
    panic!("{}", refused.as_db_error().unwrap().constraint().unwrap());
}

#[proofmark::test]
async fn a_test_may_be_called_like_anything_in_the_expansion(lease: proofmark::Lease) {
    assert_eq!(lease.name(), "box_office");
}

// The name of the closure's argument in the expansion.
#[proofmark::test]
async fn lease(client: Client) {
    client.batch_execute("select 1").await.unwrap();
}
