//! `Idempotency-Key`: once, whatever happens in between.

use reqwest::Method;
use serde_json::json;
use shop::http::Limits;
use shop::http::idempotency::{REPLAYED, forget_expired};
use shop::payment::provider::fake::{Behaviour, Gate};

use super::stage::{captured, cart, keyed, placed};
use crate::client::{AuthedClient, Client, Service};

#[proofmark::test]
async fn a_key_is_needed_and_is_for_one_request(shop: AuthedClient) {
    let payment = captured(&shop).await;
    let path = format!("/v1/payments/{payment}/refunds");
    let refund = json!({ "amount": { "minor": 100, "currency": "EUR" }, "reason": "duplicate" });
    let bare = shop.request(Method::POST, &path).json(&refund).send().await;
    bare.expect_problem(400, "idempotency_key_missing");
    keyed(&shop, &path, "one", &refund).await.expect(201);
    let other = json!({ "amount": { "minor": 101, "currency": "EUR" }, "reason": "duplicate" });
    keyed(&shop, &path, "one", &other).await.expect_problem(422, "idempotency_key_reused");
    // White space and the order of members make no other request.
    let same = r#"{ "reason":"duplicate", "amount": {"currency":"EUR","minor":100 } }"#;
    let again = shop.request(Method::POST, &path).key("one");
    let again = again.header("content-type", "application/json").body(same).send().await;
    assert_eq!(again.expect(201)["amount"]["minor"], 100);
    assert_eq!(again.header(REPLAYED), "true");
}

#[proofmark::test]
async fn a_refund_whose_answer_was_lost_is_not_made_twice(shop: AuthedClient) {
    let payment = captured(&shop).await;
    let path = format!("/v1/payments/{payment}/refunds");
    let refund = json!({ "amount": { "minor": 700, "currency": "EUR" }, "reason": "duplicate" });
    let first = keyed(&shop, &path, "lost", &refund).await;
    let asked = shop.service.fake.asked();
    for _ in 0..3 {
        let again = keyed(&shop, &path, "lost", &refund).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text));
    }
    assert_eq!(shop.service.fake.asked(), asked, "the provider was not asked again");
    let shown = shop.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!(shown.expect(200)["refunded"]["minor"], 700);
}

/// What is left is too little for it, because of itself.
#[proofmark::test]
async fn a_refund_that_left_too_little_is_answered_again_and_another_is_refused(
    shop: AuthedClient,
) {
    let payment = captured(&shop).await;
    let path = format!("/v1/payments/{payment}/refunds");
    let refund = json!({ "amount": { "minor": 1500, "currency": "EUR" }, "reason": "duplicate" });
    let first = keyed(&shop, &path, "most", &refund).await;
    assert_eq!(first.expect(201)["state"], "succeeded");
    let again = keyed(&shop, &path, "most", &refund).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.header(REPLAYED), "true");
    let asked = shop.service.fake.asked();
    let other = keyed(&shop, &path, "other", &refund).await;
    other.expect_problem(409, "refund_exceeds_captured");
    let foreign = json!({ "amount": { "minor": 1500, "currency": "USD" }, "reason": "duplicate" });
    let foreign = keyed(&shop, &path, "foreign", &foreign).await;
    foreign.expect_problem(422, "currency_mismatch");
    assert_eq!(shop.service.fake.asked(), asked);
}

#[proofmark::test]
async fn a_twin_is_told_to_wait_and_then_gets_the_answer(shop: AuthedClient) {
    let payment = captured(&shop).await;
    let path = format!("/v1/payments/{payment}/refunds");
    let refund = json!({ "amount": { "minor": 700, "currency": "EUR" }, "reason": "duplicate" });
    let gate = Gate::default();
    shop.service.fake.script([Behaviour::HoldBefore(gate.clone())]);
    let (client, at, body) = (Client::clone(&shop), path.clone(), refund.clone());
    let first = tokio::spawn(async move { keyed(&client, &at, "twin", &body).await });
    // The provider is asked once the key is claimed.
    let asked = async {
        while shop.get(&path).await.expect(200)["data"].as_array().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), asked).await.unwrap();
    let twin = keyed(&shop, &path, "twin", &refund).await;
    twin.expect_problem(409, "request_in_progress");
    assert_eq!(twin.header("retry-after"), "1");
    gate.open();
    let first = first.await.unwrap();
    let after = keyed(&shop, &path, "twin", &refund).await;
    assert_eq!(first.expect(201), after.expect(201));
    assert_eq!(shop.get(&path).await.expect(200)["data"].as_array().unwrap().len(), 1);
}

/// The process ends between the two transactions of a refund: what is left is a key with what was
/// begun under it. Whoever asks again finishes it.
#[proofmark::test]
async fn what_a_crash_left_is_finished_and_not_begun_again(shop: AuthedClient) {
    let payment = captured(&shop).await;
    let path = format!("/v1/payments/{payment}/refunds");
    let refund = json!({ "amount": { "minor": 700, "currency": "EUR" }, "reason": "duplicate" });
    // It acts, and no answer comes: the same as a crash after the question.
    shop.service.fake.script([Behaviour::TimeOutAfter]);
    let first = keyed(&shop, &path, "crash", &refund).await;
    assert_eq!(first.expect(201)["state"], "pending");
    let undo = "UPDATE idempotency_key SET state = 'in_progress', response_status = NULL,
                       response_headers = NULL, response_body = NULL WHERE key = 'crash'";
    let mut connection = shop.make.db.acquire().await.unwrap();
    // An answer that was given is final; that there was none is what is played here.
    sqlx::query("SET session_replication_role = replica").execute(&mut *connection).await.unwrap();
    sqlx::query(undo).execute(&mut *connection).await.unwrap();
    sqlx::query("RESET session_replication_role").execute(&mut *connection).await.unwrap();
    let early = keyed(&shop, &path, "crash", &refund).await;
    early.expect_problem(409, "request_in_progress");
    shop.make.clock.advance(chrono::Duration::minutes(2));
    let again = keyed(&shop, &path, "crash", &refund).await;
    assert_eq!(again.expect(201)["id"], first.body["id"]);
    assert_eq!(again.body["state"], "succeeded");
    let shown = shop.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!(shown.expect(200)["refunded"]["minor"], 700);
    assert_eq!(shop.service.fake.moved(payment.parse().unwrap()).refunded, 700);
}

#[proofmark::test]
async fn a_refusal_leaves_the_key_free(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let path = format!("/v1/carts/{}/checkout", sale.cart);
    let order = json!({ "cart": sale.cart, "email": "guest@example.org", "country": "DE" });
    keyed(&sale.shopper, "/v1/orders", "o", &order).await.expect_problem(409, "cart_not_open");
    sale.shopper.post(&path, json!({})).await.expect(200);
    keyed(&sale.shopper, "/v1/orders", "o", &order).await.expect(201);
}

#[proofmark::test]
async fn many_twins_place_one_order(shop: AuthedClient) {
    let sale = cart(&shop).await;
    sale.shopper.post(&format!("/v1/carts/{}/checkout", sale.cart), json!({})).await.expect(200);
    let order = json!({ "cart": sale.cart, "email": "guest@example.org", "country": "DE" });
    let second = Service::start(&shop.make, Limits::default()).await;
    let other = Client::new(&second.url).with_token(sale.shopper.token().unwrap());
    let mut placed = std::collections::BTreeSet::new();
    let twins = (0..8).map(|turn| {
        let client = if turn % 2 == 0 { sale.shopper.clone() } else { other.clone() };
        let order = order.clone();
        tokio::spawn(async move { keyed(&client, "/v1/orders", "many", &order).await })
    });
    for twin in twins.collect::<Vec<_>>() {
        let answer = twin.await.unwrap();
        match answer.status.as_u16() {
            201 => {
                placed.insert(answer.text_of(201, "id"));
            }
            409 => {
                answer.expect_problem(409, "request_in_progress");
            }
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!(placed.len(), 1);
    let orders: i64 =
        sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&shop.make.db).await.unwrap();
    assert_eq!(orders, 1);
}

#[proofmark::test]
async fn a_key_that_has_expired_is_new(shop: AuthedClient) {
    let sale = cart(&shop).await;
    drop(placed(&sale).await);
    let movement = json!({
        "kind": "receive", "location": sale.location, "variant": sale.variant, "quantity": 5,
    });
    let path = "/v1/stock-movements";
    let first = keyed(&shop, path, "day", &movement).await.text_of(201, "operation");
    assert_eq!(keyed(&shop, path, "day", &movement).await.text_of(201, "operation"), first);
    shop.make.clock.advance(chrono::Duration::hours(25));
    assert_ne!(keyed(&shop, path, "day", &movement).await.text_of(201, "operation"), first);
    shop.make.clock.advance(chrono::Duration::hours(25));
    let gone = forget_expired(&shop.make.db, &shop.make.context, 1000).await.unwrap();
    assert!(gone >= 1, "{gone}");
    assert_eq!(forget_expired(&shop.make.db, &shop.make.context, 1000).await.unwrap(), 0);
}

#[proofmark::test]
async fn another_caller_s_key_is_another_key(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let movement = json!({
        "kind": "receive", "location": sale.location, "variant": sale.variant, "quantity": 5,
    });
    let path = "/v1/stock-movements";
    let first = keyed(&shop, path, "shared", &movement).await.text_of(201, "operation");
    let scopes = crate::client::every_scope(&shop.make).await;
    let other = shop.with_token(&crate::client::key(&shop.make, &scopes).await);
    assert_ne!(keyed(&other, path, "shared", &movement).await.text_of(201, "operation"), first);
}
