//! What is wrong with a request before anybody looks at what it asks for.

use std::num::NonZeroI32;

use reqwest::Method;
use serde_json::json;
use shop::http::Limits;

use crate::client::{AuthedClient, Client, Service, every_scope, key};
use crate::make::Make;

#[proofmark::test]
async fn each_form_of_a_bad_request_is_a_problem(shop: AuthedClient) {
    shop.get("/v1/nothing").await.expect_problem(404, "route_not_found");
    shop.delete("/v1/products").await.expect_problem(405, "method_not_allowed");
    let products = |body: &str| {
        let request = shop.request(Method::POST, "/v1/products").body(body.to_owned());
        request.header("content-type", "application/json").send()
    };
    products("{").await.expect_problem(400, "body_not_json");
    products("{}").await.expect_problem(422, "body_invalid");
    products("{} {}").await.expect_problem(422, "body_invalid");
    products(&"[".repeat(100_000)).await.expect_problem(422, "body_invalid");
    products(&" ".repeat(300_000)).await.expect_problem(413, "body_too_large");
    let blank = r#"{"title":" ","tax_class":"standard","status":"active"}"#;
    assert_eq!(products(blank).await.expect_problem(422, "body_invalid")["field"], "title");
    let nul = r#"{"title":"a\u0000","tax_class":"standard","status":"active"}"#;
    products(nul).await.expect_problem(422, "body_invalid");
    let unknown = r#"{"title":"a","tax_class":"none","status":"active"}"#;
    products(unknown).await.expect_problem(422, "tax_class_unknown");
    let plain = shop.request(Method::POST, "/v1/products").body("{}").send().await;
    plain.expect_problem(415, "media_type_unsupported");
    let html = shop.request(Method::GET, "/v1/products").header("accept", "text/html");
    html.send().await.expect_problem(406, "not_acceptable");
    let any = shop.request(Method::GET, "/v1/products").header("accept", "text/html, */*;q=0.1");
    any.send().await.expect(200);
    for query in ["limit=0", "limit=101", "limit=x", "after=prod_1", "colour=red"] {
        let answer = shop.get(&format!("/v1/products?{query}")).await;
        answer.expect_problem(400, "query_invalid");
    }
    shop.get("/v1/products/ord_1").await.expect_problem(400, "path_invalid");
    let missing = format!("/v1/products/prod_{}", "0".repeat(32));
    shop.get(&missing).await.expect_problem(404, "product_not_found");
    let change = shop.request(Method::PATCH, &missing).json(&json!({}));
    change.header("if-match", "5").send().await.expect_problem(400, "header_invalid");
}

#[proofmark::test]
async fn pages_follow_each_other_without_gap_or_overlap(shop: AuthedClient) {
    for number in 0..5 {
        let new = json!({ "title": format!("{number}"), "tax_class": "zero", "status": "draft" });
        shop.post("/v1/products", new).await.expect(201);
    }
    let (mut titles, mut path) = (Vec::new(), "/v1/products?limit=2".to_owned());
    loop {
        let page = shop.get(&path).await;
        let page = page.expect(200);
        let data = page["data"].as_array().unwrap();
        titles.extend(data.iter().map(|one| one["title"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/products?limit=2&after={next}");
    }
    assert_eq!(titles, ["0", "1", "2", "3", "4"]);
}

#[proofmark::test]
async fn too_many_requests_of_a_key_are_refused_and_others_are_not(make: Make) {
    let limits = Limits { per_minute: NonZeroI32::new(2).unwrap(), ..Limits::default() };
    let service = Service::start(&make, limits).await;
    let scopes = every_scope(&make).await;
    let client = Client::new(&service.url).with_token(&key(&make, &scopes).await);
    for _ in 0..2 {
        client.get("/v1/products").await.expect(200);
    }
    let refused = client.get("/v1/products").await;
    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    let other = client.with_token(&key(&make, &scopes).await);
    other.get("/v1/products").await.expect(200);
}

#[proofmark::test]
async fn when_much_is_under_way_carts_are_finished_and_none_is_begun(make: Make) {
    let limits = Limits { busy: 1, ..Limits::default() };
    let service = Service::start(&make, limits).await;
    let scopes = every_scope(&make).await;
    let client = Client::new(&service.url).with_token(&key(&make, &scopes).await);
    let new = json!({ "currency": "EUR", "tax_included": true });
    let made = client.post("/v1/carts", new.clone()).await;
    let cart = format!("/v1/carts/{}", made.text_of(201, "id"));
    let shopper = client.with_token(&made.text_of(201, "token"));
    let mut holder = make.db.begin().await.unwrap();
    sqlx::query("LOCK TABLE product IN ACCESS EXCLUSIVE MODE").execute(&mut *holder).await.unwrap();
    let waiting = client.clone();
    let first = tokio::spawn(async move { waiting.get("/v1/products").await });
    let shed = async {
        loop {
            let answer = client.post("/v1/carts", new.clone()).await;
            if answer.status == 503 {
                return answer;
            }
        }
    };
    let shed = tokio::time::timeout(std::time::Duration::from_mins(1), shed).await.unwrap();
    shed.expect_problem(503, "overloaded");
    assert_eq!(shed.header("retry-after"), "1");
    shopper.get(&cart).await.expect(200);
    shopper.delete(&cart).await.expect(204);
    holder.rollback().await.unwrap();
    first.await.unwrap().expect(200);
    client.post("/v1/carts", new).await.expect(201);
}

#[proofmark::test]
async fn what_is_too_much_at_once_is_shed_and_the_service_recovers(make: Make) {
    let limits = Limits { in_flight: 1, ..Limits::default() };
    let service = Service::start(&make, limits).await;
    let scopes = every_scope(&make).await;
    let client = Client::new(&service.url).with_token(&key(&make, &scopes).await);
    // One request waits for a lock, and is all that the service lets in.
    let mut holder = make.db.begin().await.unwrap();
    sqlx::query("LOCK TABLE product IN ACCESS EXCLUSIVE MODE").execute(&mut *holder).await.unwrap();
    let waiting = client.clone();
    let first = tokio::spawn(async move { waiting.get("/v1/products").await });
    let shed = async {
        loop {
            let answer = client.get("/v1/locations").await;
            if answer.status == 503 {
                return answer;
            }
        }
    };
    let shed = tokio::time::timeout(std::time::Duration::from_mins(1), shed).await.unwrap();
    shed.expect_problem(503, "overloaded");
    assert_eq!(shed.header("retry-after"), "1");
    client.get("/health/live").await.expect(200);
    holder.rollback().await.unwrap();
    first.await.unwrap().expect(200);
    client.get("/v1/locations").await.expect(200);
}
