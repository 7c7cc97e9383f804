//! The whole life of an order over HTTP: cart, lines, order, payment, capture, parcel, refund.

use serde_json::json;
use shop::payment::provider::fake::Behaviour;

use super::stage::{self, cart, placed};
use crate::client::AuthedClient;

#[proofmark::test]
async fn an_order_goes_from_the_cart_to_the_refund(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let order = placed(&sale).await;
    assert_eq!(order["total"], json!({ "minor": 2000, "currency": "EUR" }));
    let payment = stage::authorized(&sale, &order).await;
    let id = order["id"].as_str().unwrap();

    let part = json!({ "amount": { "minor": 500, "currency": "EUR" } });
    let path = format!("/v1/payments/{payment}/capture");
    assert_eq!(shop.post(&path, part).await.expect(201)["state"], "succeeded");
    let rest = shop.post(&path, json!({})).await;
    assert_eq!(rest.expect(201)["amount"]["minor"], 1500);
    assert_eq!(shop.get(&format!("/v1/orders/{id}")).await.expect(200)["state"], "confirmed");

    let parcels = shop.post(&format!("/v1/orders/{id}/fulfilments"), json!({})).await;
    let parcel = parcels.expect(201)["data"][0]["id"].as_str().unwrap().to_owned();
    let sent = shop.post(&format!("/v1/fulfilments/{parcel}/ship"), json!({})).await;
    assert_eq!(sent.expect(200)["order_state"], "fulfilled");
    let arrived = shop.post(&format!("/v1/fulfilments/{parcel}/deliver"), json!({})).await;
    assert_eq!(arrived.expect(200)["state"], "delivered");
    let level = format!("/v1/stock-levels/{}/{}", sale.location, sale.variant);
    assert_eq!(shop.get(&level).await.expect(200)["on_hand"], 98);

    let line = &order["lines"][0]["id"];
    let back = json!({ "units": [{ "line": line, "quantity": 1 }], "reason": "too small" });
    let returned = shop.post(&format!("/v1/orders/{id}/returns"), back).await.text_of(201, "id");
    let path = format!("/v1/returns/{returned}");
    shop.post(&format!("{path}/approve"), json!({})).await.expect(200);
    let restock = json!({
        "location": sale.location, "restock": [{ "line": line, "quantity": 1 }],
    });
    let receipt = shop.post(&format!("{path}/receive"), restock).await;
    assert_eq!(receipt.expect(200)["money_back"]["minor"], 1000);

    let refund = json!({
        "amount": receipt.body["money_back"], "reason": "returned", "return": returned,
        "lines": [{ "line": line, "amount": receipt.body["money_back"] }],
    });
    let refunded = shop.post(&format!("/v1/payments/{payment}/refunds"), refund).await;
    assert_eq!(refunded.expect(201)["state"], "succeeded");
    shop.post(&format!("{path}/complete"), json!({})).await.expect(200);
    let shown = sale.shopper.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!(shown.expect(200)["refunded"]["minor"], 1000);
    assert_eq!(shown.body["state"], "partially_refunded");
    assert_eq!(shop.get(&level).await.expect(200)["on_hand"], 99);
}

#[proofmark::test]
async fn what_is_refused_on_the_way_says_why(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let early = sale.shopper.post("/v1/orders", stage::order(&sale)).await;
    assert_eq!(early.expect_problem(409, "cart_not_open")["state"], "active");
    let too_many = json!({ "quantity": 101 });
    let line = format!("/v1/carts/{}/lines/{}", sale.cart, sale.variant);
    sale.shopper.put(&line, too_many).await.expect(200);
    let checkout = format!("/v1/carts/{}/checkout", sale.cart);
    let out = sale.shopper.post(&checkout, json!({})).await;
    assert_eq!(out.expect_problem(409, "out_of_stock")["available"], 100);
    sale.shopper.put(&line, json!({ "quantity": 2 })).await.expect(200);
    sale.shopper.post(&checkout, json!({})).await.expect(200);
    let mut wanted = stage::order(&sale);
    wanted["expected_total"] = json!({ "minor": 1, "currency": "EUR" });
    let changed = sale.shopper.post("/v1/orders", wanted).await;
    assert_eq!(changed.expect_problem(409, "total_changed")["now"]["minor"], 2000);
    let order = sale.shopper.post("/v1/orders", stage::order(&sale)).await;
    let order = order.expect(201);
    let payment = stage::authorized(&sale, order).await;
    let more = json!({
        "order": order["id"], "amount": order["total"], "method_type": "card", "provider": "fake",
    });
    let twice = sale.shopper.post("/v1/payments", more).await;
    twice.expect_problem(409, "payment_exceeds_order");
    let over = json!({ "amount": { "minor": 2001, "currency": "EUR" } });
    let path = format!("/v1/payments/{payment}");
    let answer = shop.post(&format!("{path}/capture"), over.clone()).await;
    answer.expect_problem(409, "capture_exceeds_authorized");
    shop.post(&format!("{path}/capture"), json!({})).await.expect(201);
    let refund = json!({ "amount": over["amount"], "reason": "duplicate" });
    let answer = shop.post(&format!("{path}/refunds"), refund).await;
    answer.expect_problem(409, "refund_exceeds_captured");
}

#[proofmark::test]
async fn what_is_on_its_way_back_is_not_refunded_again(shop: AuthedClient) {
    let payment = stage::captured(&shop).await;
    let path = format!("/v1/payments/{payment}/refunds");
    let all = json!({ "reason": "duplicate" });
    shop.service.fake.script([Behaviour::Pend]);
    let first = shop.post(&path, all.clone()).await;
    assert_eq!(first.expect(201)["state"], "pending");
    shop.post(&path, all).await.expect_problem(409, "nothing_to_refund");
    let nothing = json!({ "amount": { "minor": 0, "currency": "EUR" }, "reason": "duplicate" });
    shop.post(&path, nothing).await.expect_problem(422, "amount_not_positive");
    assert_eq!(shop.get(&path).await.expect(200)["data"].as_array().unwrap().len(), 1);
}
