//! Stock that is held under a key, and stock on its way.

use serde_json::{Value, json};
use shop::http::idempotency::REPLAYED;

use super::stage::{Sale, cart, keyed};
use crate::client::AuthedClient;

fn hold(sale: &Sale, quantity: u32) -> Value {
    json!({
        "cart": sale.cart, "variant": sale.variant, "location": sale.location,
        "quantity": quantity,
    })
}

#[proofmark::test]
async fn a_hold_at_a_location_is_answered_again_under_its_key(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let path = "/v1/reservations";
    let first = keyed(&shop, path, "one", &hold(&sale, 2)).await;
    let id = first.expect(201)["data"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(first.header(REPLAYED), "");
    let again = keyed(&shop, path, "one", &hold(&sale, 2)).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.header(REPLAYED), "true");
    let other = keyed(&shop, path, "one", &hold(&sale, 1)).await;
    other.expect_problem(422, "idempotency_key_reused");
    // Given back, it is not held anew by somebody who asks for the answer once more.
    shop.delete(&format!("{path}/{id}")).await.expect(200);
    assert_eq!(keyed(&shop, path, "one", &hold(&sale, 2)).await.text, first.text);
    let level = format!("/v1/stock-levels/{}/{}", sale.location, sale.variant);
    assert_eq!(shop.get(&level).await.expect(200)["reserved"], 0);
    // A refusal takes nothing, and the key is free for what is possible.
    keyed(&shop, path, "two", &hold(&sale, 101)).await.expect_problem(409, "out_of_stock");
    keyed(&shop, path, "two", &hold(&sale, 1)).await.expect(201);
    // After a day it is forgotten, and asks for what is so now.
    shop.make.clock.advance(chrono::Duration::hours(25));
    let late = keyed(&shop, path, "one", &hold(&sale, 1)).await;
    assert_ne!(late.status, 422, "{late:?}");
    assert_eq!(late.header(REPLAYED), "");
}

/// Twins with one key on holds that are written together: one hold, and one answer for all.
#[proofmark::test(worker_threads = 2)]
async fn twins_of_a_hold_are_all_told_the_same(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, body) = (crate::client::Client::clone(&shop), hold(&sale, 1));
        asked.spawn(async move {
            let answer = keyed(&client, "/v1/reservations", "twins", &body).await;
            answer.expect(201)["data"][0]["id"].clone()
        });
    }
    let told = asked.join_all().await;
    assert!(told.iter().all(|id| id == &told[0]), "{told:?}");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM idempotency_key WHERE key = 'twins'")
        .fetch_one(&shop.make.db)
        .await
        .unwrap();
    assert_eq!(kept, 1);
}

#[proofmark::test]
async fn stock_goes_to_another_location_and_what_is_lost_is_told(shop: AuthedClient) {
    let sale = cart(&shop).await;
    let other = json!({ "code": "other", "name": "Other", "country": "DE" });
    let other = shop.post("/v1/locations", other).await.text_of(201, "id");
    let lines = json!([{ "variant": sale.variant, "quantity": 10 }]);
    let new = json!({ "from": sale.location, "to": other, "lines": lines });
    let path = "/v1/stock-transfers";
    let drafted = keyed(&shop, path, "draft", &new).await;
    let id = drafted.text_of(201, "id");
    assert_eq!(keyed(&shop, path, "draft", &new).await.text, drafted.text);
    let nowhere = json!({ "from": other, "to": other, "lines": lines });
    shop.post(path, nowhere).await.expect_problem(422, "transfer_goes_nowhere");
    let empty = json!({ "from": sale.location, "to": other, "lines": [] });
    shop.post(path, empty).await.expect_problem(422, "no_units");

    let at = format!("{path}/{id}");
    let early = shop.post(&format!("{at}/receive"), json!({})).await;
    early.expect_problem(409, "transfer_state");
    let sent = shop.post(&format!("{at}/send"), json!({})).await;
    assert_eq!(sent.expect(200)["state"], "in_transit");
    let late = shop.post(&format!("{at}/cancel"), json!({ "reason": "no need" })).await;
    late.expect_problem(409, "transfer_state");
    let level = |location: &str| format!("/v1/stock-levels/{location}/{}", sale.variant);
    assert_eq!(shop.get(&level(&sale.location)).await.expect(200)["on_hand"], 90);
    let more = json!({ "lines": [{ "variant": sale.variant, "received": 11 }] });
    shop.post(&format!("{at}/receive"), more).await.expect_problem(409, "too_many_units");
    let most = json!({ "lines": [{ "variant": sale.variant, "received": 9 }] });
    let received = shop.post(&format!("{at}/receive"), most).await;
    assert_eq!(received.expect(200)["lines"][0]["received"], 9);
    assert_eq!(shop.get(&level(&other)).await.expect(200)["on_hand"], 9);
    assert_eq!(shop.get(&at).await.expect(200)["state"], "received");
    assert_eq!(shop.get(path).await.expect(200)["data"][0]["id"], id);

    let second = keyed(&shop, path, "second", &new).await.text_of(201, "id");
    let given_up = json!({ "reason": "no need" });
    let given_up = shop.post(&format!("{path}/{second}/cancel"), given_up).await;
    assert_eq!(given_up.expect(200)["state"], "cancelled");
    let unknown: shop::id::StockTransferId = shop.make.context.id();
    let unknown = shop.get(&format!("{path}/{unknown}")).await;
    unknown.expect_problem(404, "transfer_not_found");
}
