//! `/health/live` and `/health/ready`.

use shop::http::Limits;
use sqlx::postgres::PgPoolOptions;

use crate::client::{Client, Service, TestClient};
use crate::make::Make;

#[proofmark::test]
async fn a_service_is_ready_until_it_begins_to_stop(client: TestClient) {
    assert_eq!(client.get("/health/live").await.expect(200)["status"], "live");
    assert_eq!(client.get("/health/ready").await.expect(200)["status"], "ready");
    client.service.state.metrics.drain();
    assert_eq!(client.get("/health/ready").await.expect(503)["status"], "draining");
    assert_eq!(client.get("/health/live").await.expect(200)["status"], "live");
}

#[proofmark::test]
async fn a_service_without_its_database_lives_but_is_not_ready(make: Make) {
    let nobody = (*make.db.connect_options()).clone().socket("/nobody/listens/here");
    let pool = PgPoolOptions::new().connect_lazy_with(nobody);
    let service = Service::start_on(&make, pool, Limits::default()).await;
    let client = Client::new(&service.url);
    client.get("/health/live").await.expect(200);
    client.get("/health/ready").await.expect(503);
    let metrics = client.get("/metrics").await;
    metrics.expect(200);
    assert!(metrics.text.contains("\nshop_database_up 0\n"), "{}", metrics.text);
}
