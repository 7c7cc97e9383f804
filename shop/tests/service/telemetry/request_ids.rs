//! The id of a request: in the answer, and in the SQL of its transactions.

use std::sync::Arc;

use shop::telemetry::sql::{Tag, begin, tagged};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::client::TestClient;

#[proofmark::test]
async fn an_answer_carries_the_id_that_was_sent_or_a_new_one(client: TestClient) {
    let sent = client.request(reqwest::Method::GET, "/health/live");
    let answer = sent.header("x-request-id", "order-desk_0042").send().await;
    assert_eq!(answer.header("x-request-id"), "order-desk_0042");

    for unfit in ["short", "with space in it", "'; DROP TABLE cart; --", &"x".repeat(49)] {
        let sent = client.request(reqwest::Method::GET, "/health/live");
        let answer = sent.header("x-request-id", unfit).send().await;
        let made = answer.header("x-request-id");
        assert_ne!(made, unfit);
        assert_eq!(made.len(), 32, "{made}");
    }
    let refused = client.get("/v1/products").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("x-request-id").len(), 32, "also what is refused has one");
    let nothing = client.get("/no/such/path").await;
    assert_eq!(nothing.header("x-request-id").len(), 32, "and what leads nowhere");
}

/// What the server shows of a transaction while it runs, and after.
#[proofmark::test]
async fn a_transaction_names_its_request_until_it_ends(db: PgPool) {
    const NAME: &str = "SELECT current_setting('application_name')";
    let mut connection = db.acquire().await.unwrap();
    let before: String = sqlx::query_scalar(NAME).fetch_one(&mut *connection).await.unwrap();
    drop(connection);
    let tag = Arc::new(Tag::of_request("request-0042", "/v1/carts/{cart}", None));
    for commit in [true, false] {
        let mut transaction = tagged(tag.clone(), begin(&db)).await.unwrap();
        let name: String = sqlx::query_scalar(NAME).fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(name, "shop request-0042");
        if commit {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
        let mut connection = db.acquire().await.unwrap();
        let after: String = sqlx::query_scalar(NAME).fetch_one(&mut *connection).await.unwrap();
        assert_eq!(after, before, "commit: {commit}");
    }
}

/// A statement that is the same in every request is prepared once, not once per request.
#[proofmark::test]
async fn naming_the_request_prepares_nothing_anew(db: PgPool) {
    let options = (*db.connect_options()).clone();
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    for request in 0..20 {
        let id = format!("request-{request:04}");
        let tag = Arc::new(Tag::of_request(&id, "/v1/carts", None));
        let mut transaction = tagged(tag, begin(&pool)).await.unwrap();
        let one: i32 = sqlx::query_scalar("SELECT $1::int4")
            .bind(1)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(one, 1);
        transaction.commit().await.unwrap();
    }
    let prepared: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int4%'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(prepared, 1);
    pool.close().await;
}
