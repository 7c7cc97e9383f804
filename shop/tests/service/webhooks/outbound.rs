//! Events that reach those who subscribed: signed, tried again, never to where they must not go.

use std::sync::Arc;

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use shop::event::webhook::{Deliveries, Fan, Reach, Sender, TRIES, delay};
use shop::event::{Worker, publish_batch};
use shop::telemetry::Metrics;

use super::receiver::Receiver;
use crate::client::AuthedClient;
use crate::make::Make;

/// An endpoint that wants new products.
struct Subscribed {
    id: String,
    secret: String,
}

async fn subscribe(client: &AuthedClient, url: &str) -> Subscribed {
    let new = json!({ "url": url, "types": ["product.created"], "description": "a test" });
    let made = client.post("/v1/webhook-endpoints", new).await;
    Subscribed { id: made.text_of(201, "id"), secret: made.text_of(201, "secret") }
}

async fn new_product(client: &AuthedClient) -> String {
    let new = json!({ "title": "Mug", "tax_class": "standard", "status": "active" });
    client.post("/v1/products", new).await.text_of(201, "id")
}

/// Publishes all there is, which writes the deliveries.
async fn publish(make: &Make) {
    let mut worker = Worker::new(Fan::new(make.context.clone()));
    while worker.step(&make.db, &make.context).await.unwrap().published > 0 {}
}

fn worker(make: &Make, reach: Reach) -> Deliveries {
    let sender = Sender::new(reach).unwrap();
    Deliveries::new(make.db.clone(), make.context.clone(), sender, Arc::new(Metrics::new()))
}

/// Sends what is due, and waits for the answers.
async fn send_due(make: &Make) -> usize {
    let mut worker = worker(make, Reach::Private);
    let begun = worker.step().await.unwrap();
    worker.finish().await;
    begun
}

async fn deliveries(client: &AuthedClient, endpoint: &str) -> Vec<Value> {
    let listed = client.get(&format!("/v1/webhook-endpoints/{endpoint}/deliveries")).await;
    listed.expect(200)["data"].as_array().unwrap().clone()
}

#[proofmark::test]
async fn an_event_reaches_who_subscribed_and_is_believed(authed_client: AuthedClient) {
    let make = &authed_client.make;
    let receiver = Receiver::start(make).await;
    let endpoint = subscribe(&authed_client, &format!("{}/hooks", receiver.url)).await;
    let product = new_product(&authed_client).await;
    publish(make).await;
    assert_eq!(send_due(make).await, 1);

    let came = receiver.came();
    assert_eq!(came.len(), 1);
    assert_eq!(came[0].path, "/hooks");
    assert_eq!(came[0].header("content-type"), "application/json");
    assert!(came[0].is_signed_with(make, &endpoint.secret));
    let body = came[0].json();
    assert_eq!(body["type"], "product.created");
    assert_eq!(body["data"]["product"], product.as_str());

    let listed = deliveries(&authed_client, &endpoint.id).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["state"], "delivered");
    assert_eq!(listed[0]["id"], came[0].header("webhook-id"));
    assert_eq!(listed[0]["event"], body["event"]);
    // Accepted is accepted: it is neither sent again nor tried again.
    make.clock.advance(Duration::days(1));
    assert_eq!(send_due(make).await, 0);
    let id = listed[0]["id"].as_str().unwrap();
    let again = format!("/v1/webhook-deliveries/{id}/redeliver");
    let again = authed_client.post(&again, json!({}));
    again.await.expect_problem(409, "webhook_delivery_closed");
}

#[proofmark::test]
async fn what_is_not_accepted_is_tried_by_the_schedule_and_then_given_up(
    authed_client: AuthedClient,
) {
    let make = &authed_client.make;
    let receiver = Receiver::start(make).await;
    let endpoint = subscribe(&authed_client, &receiver.url).await;
    new_product(&authed_client).await;
    publish(make).await;
    receiver.answer(&[500; 10]);
    for number in 1..=TRIES {
        assert_eq!(send_due(make).await, 1, "try {number}");
        if let Some(wait) = delay(number) {
            make.clock.advance(wait - Duration::milliseconds(1));
            assert_eq!(send_due(make).await, 0, "before its time after try {number}");
            make.clock.advance(Duration::milliseconds(1));
        }
    }
    assert_eq!(send_due(make).await, 0);
    let came = receiver.came();
    assert_eq!(came.len(), 10);
    assert!(came.iter().all(|one| one.body == came[0].body), "the same bytes every time");
    assert!(came.iter().all(|one| one.header("webhook-id") == came[0].header("webhook-id")));
    let listed = deliveries(&authed_client, &endpoint.id).await;
    assert_eq!((&listed[0]["state"], &listed[0]["attempts"]), (&json!("exhausted"), &json!(10)));

    // A person asks for one more.
    let id = listed[0]["id"].as_str().unwrap();
    let again = format!("/v1/webhook-deliveries/{id}/redeliver");
    authed_client.post(&again, json!({})).await.expect(202);
    assert_eq!(send_due(make).await, 1);
    assert_eq!(deliveries(&authed_client, &endpoint.id).await[0]["state"], "delivered");
    let attempts = authed_client.get(&format!("/v1/webhook-deliveries/{id}/attempts")).await;
    let statuses: Vec<i64> = attempts
        .expect(200)
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["response_status"].as_i64().unwrap())
        .collect();
    assert_eq!(statuses, [vec![500; 10], vec![204]].concat());
}

#[proofmark::test]
async fn an_endpoint_that_is_gone_is_disabled_until_somebody_enables_it(
    authed_client: AuthedClient,
) {
    let make = &authed_client.make;
    let receiver = Receiver::start(make).await;
    let endpoint = subscribe(&authed_client, &receiver.url).await;
    let path = format!("/v1/webhook-endpoints/{}", endpoint.id);
    new_product(&authed_client).await;
    publish(make).await;
    receiver.answer(&[410]);
    assert_eq!(send_due(make).await, 1);
    let shown = authed_client.get(&path).await;
    assert_eq!(shown.expect(200)["disabled_reason"], "it answered 410 Gone");

    // What happens meanwhile waits.
    new_product(&authed_client).await;
    publish(make).await;
    make.clock.advance(Duration::days(2));
    assert_eq!(send_due(make).await, 0);
    let enabled = authed_client.patch(&path, json!({ "enabled": true })).await;
    assert!(enabled.expect(200)["disabled_at"].is_null());
    assert_eq!(send_due(make).await, 1);
    assert_eq!(receiver.came().len(), 2);

    authed_client.delete(&path).await.expect(204);
    authed_client.get(&path).await.expect_problem(404, "webhook_endpoint_not_found");
    new_product(&authed_client).await;
    publish(make).await;
    assert_eq!(send_due(make).await, 0);
}

#[proofmark::test]
async fn an_endpoint_that_is_busy_is_left_alone(authed_client: AuthedClient) {
    let make = &authed_client.make;
    let receiver = Receiver::start(make).await;
    let endpoint = subscribe(&authed_client, &receiver.url).await;
    new_product(&authed_client).await;
    publish(make).await;
    receiver.answer_with(429, "retry-after", "600");
    assert_eq!(send_due(make).await, 1);
    new_product(&authed_client).await;
    publish(make).await;
    make.clock.advance(Duration::seconds(599));
    assert_eq!(send_due(make).await, 0, "neither the old one nor the new one");
    make.clock.advance(Duration::seconds(1));
    assert_eq!(send_due(make).await, 2);
    let listed = deliveries(&authed_client, &endpoint.id).await;
    assert!(listed.iter().all(|one| one["state"] == "delivered"), "{listed:?}");
}

#[proofmark::test]
async fn a_redirect_is_not_followed_and_an_inside_address_not_asked(authed_client: AuthedClient) {
    let make = &authed_client.make;
    let receiver = Receiver::start(make).await;
    let endpoint = subscribe(&authed_client, &receiver.url).await;
    new_product(&authed_client).await;
    publish(make).await;
    receiver.answer_with(307, "location", &format!("{}/elsewhere", receiver.url));
    assert_eq!(send_due(make).await, 1);
    assert_eq!(receiver.came().len(), 1);

    // The same endpoint, by a worker that may not reach inside.
    make.clock.advance(Duration::seconds(5));
    let mut careful = worker(make, Reach::Public);
    assert_eq!(careful.step().await.unwrap(), 1);
    careful.finish().await;
    assert_eq!(receiver.came().len(), 1);
    let listed = deliveries(&authed_client, &endpoint.id).await;
    let id = listed[0]["id"].as_str().unwrap();
    let attempts = authed_client.get(&format!("/v1/webhook-deliveries/{id}/attempts")).await;
    let attempts = attempts.expect(200).clone();
    assert_eq!(attempts[0]["response_status"], 307);
    assert_eq!(attempts[1]["error"], "the address is not public");
}

#[proofmark::test]
async fn while_a_secret_is_changed_both_sign(authed_client: AuthedClient) {
    let make = &authed_client.make;
    let receiver = Receiver::start(make).await;
    let endpoint = subscribe(&authed_client, &receiver.url).await;
    let path = format!("/v1/webhook-endpoints/{}/secret", endpoint.id);
    make.clock.advance(Duration::minutes(1));
    let new = authed_client.post(&path, json!({ "keep_hours": 2 })).await.text_of(201, "secret");
    for hours in [0, 3] {
        make.clock.advance(Duration::hours(hours));
        new_product(&authed_client).await;
        publish(make).await;
        assert_eq!(send_due(make).await, 1);
        let came = receiver.came().pop().unwrap();
        assert!(came.is_signed_with(make, &new));
        let both = hours == 0;
        assert_eq!(came.is_signed_with(make, &endpoint.secret), both, "after {hours} h");
        assert_eq!(came.header("webhook-signature").split(' ').count(), 1 + usize::from(both));
    }
}

/// Any number of workers: nothing is sent twice, and what a dead one had is sent by another.
#[proofmark::test]
async fn workers_side_by_side_send_each_delivery_once(authed_client: AuthedClient) {
    let make = &authed_client.make;
    let receiver = Receiver::start(make).await;
    subscribe(&authed_client, &receiver.url).await;
    for _ in 0..12 {
        new_product(&authed_client).await;
    }
    publish(make).await;
    let (mut one, mut two) = (worker(make, Reach::Private), worker(make, Reach::Private));
    loop {
        let (first, second) = tokio::join!(one.step(), two.step());
        let begun = first.unwrap() + second.unwrap();
        one.finish().await;
        two.finish().await;
        if begun == 0 {
            break;
        }
    }
    let mut ids: Vec<String> =
        receiver.came().iter().map(|came| came.header("webhook-id")).collect();
    assert_eq!(ids.len(), 12);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 12);

    // A worker that dies with a claim loses it when the lease runs out.
    new_product(&authed_client).await;
    publish(make).await;
    let claimed =
        sqlx::query("UPDATE webhook_delivery SET next_attempt_at = $1 WHERE state = 'pending'")
            .bind(make.context.now() + shop::event::webhook::LEASE)
            .execute(&make.db)
            .await
            .unwrap();
    assert_eq!(claimed.rows_affected(), 1);
    assert_eq!(send_due(make).await, 0);
    make.clock.advance(shop::event::webhook::LEASE);
    assert_eq!(send_due(make).await, 1);
}

/// The delivery is written with the mark: an event that is published again has one delivery.
#[proofmark::test]
async fn an_event_has_one_delivery_per_endpoint(authed_client: AuthedClient) {
    let make = &authed_client.make;
    let receiver = Receiver::start(make).await;
    subscribe(&authed_client, &receiver.url).await;
    new_product(&authed_client).await;
    publish(make).await;
    sqlx::query("UPDATE outbox SET published_at = NULL").execute(&make.db).await.unwrap();
    let fan = Fan::new(make.context.clone());
    publish_batch(&make.db, &make.context, &fan, 10).await.unwrap();
    assert_eq!(send_due(make).await, 1);
}

#[proofmark::test]
async fn an_endpoint_is_checked_before_it_is_kept(authed_client: AuthedClient) {
    let path = "/v1/webhook-endpoints";
    let new = |url: &str, types: &[&str]| json!({ "url": url, "types": types });
    let post = async |body: Value| authed_client.post(path, body).await;
    for url in ["http://example.com/", "ftp://example.com/", "no url", "https://a:b@example.com/"] {
        post(new(url, &["product.created"])).await.expect_problem(422, "body_invalid");
    }
    let none = post(new("https://example.com/", &[])).await;
    none.expect_problem(422, "event_types_missing");
    let unknown = post(new("https://example.com/", &["product.created", "no.such"])).await;
    unknown.expect_problem(422, "event_type_unknown");
    post(new("https://example.com/", &["product.created"])).await.expect(201);
    let again = post(new("https://example.com/", &["product.created"])).await;
    again.expect_problem(409, "webhook_endpoint_exists");
    let listed = authed_client.request(Method::GET, path).send().await;
    assert_eq!(listed.expect(200)["data"].as_array().unwrap().len(), 1);
    assert!(!listed.text.contains("whsec_"), "a secret is shown once");
    let one = format!("{path}/{}", listed.body["data"][0]["id"].as_str().unwrap());
    let bad = authed_client.patch(&one, json!({ "types": ["no.such"] }));
    bad.await.expect_problem(422, "event_type_unknown");
}
