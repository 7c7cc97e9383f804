//! Money that the shop owes, and money that many want back at once.

use std::collections::BTreeMap;

use serde_json::json;
use shop::http::idempotency::REPLAYED;
use tokio::task::JoinSet;

use super::stage::{captured, cart, keyed, placed, tables_that_hold};
use crate::client::{AuthedClient, Client};

#[proofmark::test]
async fn a_gift_card_is_issued_once_and_pays(shop: AuthedClient) {
    let new = json!({ "amount": { "minor": 5000, "currency": "EUR" } });
    let card = keyed(&shop, "/v1/gift-cards", "card", &new).await;
    let (id, code) = (card.text_of(201, "id"), card.text_of(201, "code"));
    assert_eq!(keyed(&shop, "/v1/gift-cards", "card", &new).await.text, card.text);
    let nothing = json!({ "amount": { "minor": 0, "currency": "EUR" } });
    let nothing = shop.post("/v1/gift-cards", nothing).await;
    nothing.expect_problem(422, "amount_not_positive");

    let sale = cart(&shop).await;
    let order = placed(&sale).await;
    let payment = json!({
        "order": order["id"], "amount": order["total"], "method_type": "gift_card",
        "provider": "internal",
    });
    let payment = sale.shopper.post("/v1/payments", payment).await.text_of(201, "id");
    let path = format!("/v1/payments/{payment}/attempts");
    let paid = sale.shopper.post(&path, json!({ "gift_card": code })).await;
    assert_eq!(paid.expect(201)["payment_state"], "captured");
    let shown = shop.get(&format!("/v1/store-credits/{id}")).await;
    assert_eq!(shown.expect(200)["spent"]["minor"], 2000);
    assert!(!shown.text.contains(&code), "a code is shown once");
    // The answer under the key is kept, and read by who has the token only.
    let kept: bool = sqlx::query_scalar(
        "SELECT (response_headers -> 'sealed')::boolean FROM idempotency_key WHERE key = 'card'",
    )
    .fetch_one(&shop.make.db)
    .await
    .unwrap();
    assert!(kept);
    assert_eq!(tables_that_hold(&shop, &code).await, Vec::<String>::new());
    assert!(tables_that_hold(&shop, "gift_card").await.contains(&"store_credit".to_owned()));
    let again = keyed(&shop, "/v1/gift-cards", "card", &new).await;
    assert_eq!((&again.text, again.header(REPLAYED)), (&card.text, "true"));
}

#[proofmark::test]
async fn credit_is_given_to_customers_who_exist(shop: AuthedClient) {
    let customer = shop.make.customer().await;
    let amount = json!({ "minor": 700, "currency": "EUR" });
    let new = json!({ "customer": customer, "amount": amount });
    let given = shop.post("/v1/store-credits", new).await;
    assert_eq!(given.expect(201)["kind"], "store_credit");
    assert_eq!(given.body["issued"], amount);
    let listed = shop.get("/v1/store-credits").await;
    assert_eq!(listed.expect(200)["data"][0], given.body);
    let nobody: shop::id::CustomerId = shop.make.context.id();
    let new = json!({ "customer": nobody, "amount": amount });
    shop.post("/v1/store-credits", new).await.expect_problem(422, "customer_unknown");
    let nothing: shop::id::StoreCreditId = shop.make.context.id();
    let missing = shop.get(&format!("/v1/store-credits/{nothing}")).await;
    missing.expect_problem(404, "store_credit_not_found");
}

/// Many want most of one payment back: one gets it, all others are told 409 and why.
#[proofmark::test(worker_threads = 2)]
async fn the_losers_of_a_refund_storm_are_refused_by_name(shop: AuthedClient) {
    let payment = captured(&shop).await;
    let path = format!("/v1/payments/{payment}/refunds");
    let refund = json!({ "amount": { "minor": 1200, "currency": "EUR" }, "reason": "duplicate" });
    let mut storm = JoinSet::new();
    for _ in 0..60 {
        let (client, path, refund) = (Client::clone(&shop), path.clone(), refund.clone());
        storm.spawn(async move { client.post(&path, refund).await });
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for answer in storm.join_all().await {
        let what = answer.body["code"].as_str().or(answer.body["state"].as_str()).unwrap();
        *told.entry(format!("{} {what}", answer.status.as_u16())).or_default() += 1;
    }
    let expected = [("201 succeeded", 1), ("409 refund_exceeds_captured", 59)];
    assert_eq!(told, expected.map(|(what, count)| (what.to_owned(), count)).into());
    let shown = shop.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!(shown.expect(200)["refunded"]["minor"], 1200);
    assert_eq!(shop.service.fake.moved(payment.parse().unwrap()).refunded, 1200);
}
