//! The resources around an order: customers, stock, vouchers, disputes, webhooks, events.

use reqwest::Method;
use serde_json::json;

use super::stage::{self, captured, cart, receive};
use crate::client::AuthedClient;

#[proofmark::test]
async fn a_customer_has_fields_of_their_own_and_addresses(shop: AuthedClient) {
    let fields = json!({ "email": "ada@example.org", "name": "Ada" });
    let id = shop.post("/v1/customers", fields.clone()).await.text_of(201, "id");
    shop.post("/v1/customers", fields.clone()).await.expect_problem(409, "email_taken");
    let path = format!("/v1/customers/{id}");
    let shown = shop.get(&path).await;
    let tag = shown.header("etag").to_owned();
    assert_eq!(shown.expect(200)["email"], "ada@example.org");
    let renamed = json!({ "email": "ada@example.org", "name": "Ada Lovelace" });
    shop.put(&path, renamed.clone()).await.expect_problem(428, "version_missing");
    let change =
        |tag: &str| shop.request(Method::PUT, &path).header("if-match", tag).json(&renamed);
    change(&tag).send().await.expect(200);
    change(&tag).send().await.expect_problem(412, "version_mismatch");
    let address = json!({ "kind": "shipping", "default": true, "address": {
        "recipient": "Ada", "line1": "Street 1", "city": "Town", "country": "DE" } });
    let address = shop.post(&format!("{path}/addresses"), address).await.text_of(201, "id");
    let listed = shop.get(&format!("{path}/addresses")).await;
    assert_eq!(listed.expect(200)["data"][0]["default"], true);
    shop.put(&format!("{path}/addresses/{address}/default"), json!({})).await.expect(204);
    shop.delete(&format!("{path}/addresses/{address}")).await.expect(204);
    let gone = shop.delete(&format!("{path}/addresses/{address}")).await;
    gone.expect_problem(404, "address_not_found");
    shop.delete(&path).await.expect(204);
    shop.get(&path).await.expect_problem(404, "customer_not_found");
}

#[proofmark::test]
async fn a_product_changes_only_as_it_was_seen(shop: AuthedClient) {
    let new = json!({ "title": "Mug", "tax_class": "standard", "status": "active" });
    let id = shop.post("/v1/products", new).await.text_of(201, "id");
    let path = format!("/v1/products/{id}");
    let tag = shop.get(&path).await.header("etag").to_owned();
    let change = json!({ "title": "Cup" });
    let ask = || shop.request(Method::PATCH, &path).header("if-match", &tag).json(&change);
    ask().send().await.expect(200);
    ask().send().await.expect_problem(412, "version_mismatch");
    shop.delete(&path).await.expect(204);
    shop.get(&path).await.expect_problem(404, "product_not_found");
}

#[proofmark::test]
async fn stock_is_received_counted_and_given_up(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let level = format!("/v1/stock-levels/{}/{}", sale.location, sale.variant);
    receive(&shop, &sale.location, &sale.variant, 5).await.expect(201);
    let shown = shop.get(&level).await;
    let tag = shown.header("etag").to_owned();
    assert_eq!(shown.expect(200)["on_hand"], 105);
    let count = json!({ "counted": 90, "reason": "stock-take" });
    let path = format!("{level}/on-hand");
    let ask = || shop.request(Method::PUT, &path).header("if-match", &tag).json(&count);
    assert_eq!(ask().send().await.expect(200)["on_hand"], 90);
    ask().send().await.expect_problem(412, "version_mismatch");
    let broken = json!({ "kind": "write_off", "location": sale.location, "variant": sale.variant,
        "quantity": 91, "reason": "broken" });
    shop.post("/v1/stock-movements", broken).await.expect_problem(409, "stock_promised");
    let wrong = json!({ "kind": "receive", "location": sale.location, "variant": sale.variant });
    let wrong = shop.post("/v1/stock-movements", wrong).await;
    assert_eq!(wrong.expect_problem(422, "body_invalid")["field"], "quantity");
    let limit = shop.put(&format!("{level}/backorder-limit"), json!({ "limit": 7 })).await;
    assert_eq!(limit.expect(200)["backorder_limit"], 7);
    let movements = shop.get("/v1/stock-movements?limit=2").await;
    assert_eq!(movements.expect(200)["data"].as_array().unwrap().len(), 2);
    assert_eq!(shop.get("/v1/stock-levels").await.expect(200)["data"][0]["on_hand"], 90);
    let used = shop.delete(&format!("/v1/locations/{}", sale.location)).await;
    used.expect_problem(409, "location_in_use");
}

#[proofmark::test]
async fn a_line_is_held_once_however_often_it_is_asked_for(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let hold = json!({ "cart": sale.cart, "variant": sale.variant, "quantity": 2,
        "location": sale.location });
    let first = shop.post("/v1/reservations", hold.clone()).await;
    let id = first.expect(201)["data"][0]["id"].as_str().unwrap().to_owned();
    let again = shop.post("/v1/reservations", hold).await;
    assert_eq!(again.expect(201)["data"][0]["id"], id);
    let more = json!({ "cart": sale.cart, "variant": sale.variant, "quantity": 3,
        "location": sale.location });
    shop.post("/v1/reservations", more).await.expect_problem(409, "already_held");
    let path = format!("/v1/reservations/{id}");
    assert_eq!(shop.get(&path).await.expect(200)["state"], "active");
    assert_eq!(shop.delete(&path).await.expect(200)["state"], "released");
    shop.delete(&path).await.expect_problem(409, "reservation_not_held");
    let anywhere = json!({ "cart": sale.cart, "variant": sale.variant, "quantity": 1 });
    shop.post("/v1/reservations", anywhere).await.expect(201);
    let level = format!("/v1/stock-levels/{}/{}", sale.location, sale.variant);
    assert_eq!(shop.get(&level).await.expect(200)["reserved"], 1);
}

#[proofmark::test]
async fn nothing_is_held_for_a_cart_that_has_become_an_order(shop: AuthedClient) {
    let sale = cart(&shop).await;
    drop(stage::placed(&sale).await);
    let late = json!({ "cart": sale.cart, "variant": sale.variant, "quantity": 1 });
    shop.post("/v1/reservations", late).await.expect_problem(409, "cart_not_open");
}

#[proofmark::test]
async fn a_voucher_is_entered_and_limited(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let promotion = json!({ "name": "Ten", "offer": { "percentage": 1000 },
        "needs_voucher": true });
    let promotion = shop.post("/v1/promotions", promotion).await.text_of(201, "id");
    let new = json!({ "promotion": promotion, "code": "TEN-2026", "usage_limit": 1 });
    let voucher = shop.post("/v1/vouchers", new.clone()).await.text_of(201, "id");
    shop.post("/v1/vouchers", new).await.expect_problem(409, "code_taken");
    let path = format!("/v1/carts/{}/vouchers", sale.cart);
    sale.shopper.post(&path, json!({ "code": "ten-2026" })).await.expect(200);
    let unknown = sale.shopper.post(&path, json!({ "code": "nothing" })).await;
    unknown.expect_problem(422, "voucher_unknown");
    let order = stage::placed(&sale).await;
    assert_eq!(order["total"]["minor"], 1800);
    let path = format!("/v1/vouchers/{voucher}");
    assert_eq!(shop.get(&path).await.expect(200)["used"], 1);
    shop.put(&path, json!({ "usage_limit": 5 })).await.expect(204);
    assert_eq!(shop.get("/v1/vouchers").await.expect(200)["data"][0]["usage_limit"], 5);
    shop.delete(&path).await.expect(204);
    shop.get(&path).await.expect_problem(404, "voucher_not_found");
    shop.delete(&format!("/v1/promotions/{promotion}")).await.expect(204);
}

#[proofmark::test]
async fn a_dispute_takes_what_a_refund_then_cannot(shop: AuthedClient) {
    let payment = captured(&shop).await;
    let respond_by = shop.make.context.now() + chrono::Duration::days(7);
    let new = json!({ "payment": payment, "amount": { "minor": 1500, "currency": "EUR" },
        "reason": "not received", "reference": "dp_1", "respond_by": respond_by });
    let dispute = shop.post("/v1/disputes", new.clone()).await.text_of(201, "id");
    shop.post("/v1/disputes", new).await.expect_problem(409, "dispute_known");
    let path = format!("/v1/disputes/{dispute}");
    assert_eq!(shop.get(&path).await.expect(200)["state"], "opened");
    let answered = shop.post(&format!("{path}/moves"), json!({ "state": "challenged" })).await;
    assert_eq!(answered.expect(200)["state"], "challenged");
    assert_eq!(shop.get("/v1/disputes").await.expect(200)["data"][0]["id"], dispute);
}

#[proofmark::test]
async fn an_endpoint_is_made_changed_and_deleted(shop: AuthedClient) {
    let new = json!({ "url": "https://example.org/hook", "types": ["order.placed"] });
    let made = shop.post("/v1/webhook-endpoints", new.clone()).await;
    assert!(made.text_of(201, "secret").starts_with("whsec_"));
    let path = format!("/v1/webhook-endpoints/{}", made.text_of(201, "id"));
    shop.post("/v1/webhook-endpoints", new).await.expect_problem(409, "webhook_endpoint_exists");
    let plain = json!({ "url": "http://example.org/hook", "types": ["order.placed"] });
    let plain = shop.post("/v1/webhook-endpoints", plain).await;
    assert_eq!(plain.expect_problem(422, "body_invalid")["field"], "url");
    let shown = shop.get(&path).await;
    assert_eq!(shown.expect(200)["types"][0], "order.placed");
    assert!(!shown.text.contains("whsec_"));
    let change = json!({ "types": ["payment.captured", "order.placed"] });
    assert_eq!(shop.patch(&path, change).await.expect(200)["types"][1], "payment.captured");
    let unknown = shop.patch(&path, json!({ "types": ["order.eaten"] })).await;
    unknown.expect_problem(422, "event_type_unknown");
    shop.get(&format!("{path}/deliveries")).await.expect(200);
    shop.delete(&path).await.expect(204);
    shop.get(&path).await.expect_problem(404, "webhook_endpoint_not_found");
}

#[proofmark::test]
async fn what_happened_is_listed_as_events(shop: AuthedClient) {
    let sale = cart(&shop).await;
    drop(stage::placed(&sale).await);
    let events = shop.get("/v1/events?limit=100").await;
    let events = events.expect(200)["data"].as_array().unwrap().clone();
    let placed = events.iter().find(|event| event["type"] == "order.placed").unwrap();
    let id = placed["id"].as_str().unwrap();
    assert_eq!(&shop.get(&format!("/v1/events/{id}")).await.expect(200).clone(), placed);
    let orders = shop.get("/v1/orders").await;
    assert_eq!(orders.expect(200)["data"][0]["id"], placed["data"]["order"]);
}

#[proofmark::test]
async fn a_cart_is_changed_as_it_was_seen_and_given_up(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let path = format!("/v1/carts/{}", sale.cart);
    let tag = sale.shopper.get(&path).await.header("etag").to_owned();
    let line = format!("{path}/lines/{}", sale.variant);
    let more = json!({ "quantity": 3 });
    let ask = || sale.shopper.request(Method::PUT, &line).header("if-match", &tag).json(&more);
    ask().send().await.expect(200);
    ask().send().await.expect_problem(412, "version_mismatch");
    sale.shopper.delete(&line).await.expect(204);
    sale.shopper.delete(&line).await.expect_problem(404, "cart_line_not_found");
    sale.shopper.delete(&path).await.expect(204);
    assert_eq!(shop.get(&path).await.expect(200)["state"], "abandoned");
}
