//! What the tests of orders and payments begin with: a shop that can sell, over HTTP.

use serde_json::{Value, json};
use shop::http::idempotency::HEADER;

use crate::client::{Answer, AuthedClient, Client};

/// A cart with two of something at 10.00 EUR, by its token.
pub struct Sale {
    /// The shopper, with the token of the cart.
    pub shopper: Client,
    /// The cart.
    pub cart: String,
    /// What is sold.
    pub variant: String,
    /// Where it is kept.
    pub location: String,
}

/// Fills the shelves over HTTP, and puts two units into a cart.
pub async fn cart(shop: &AuthedClient) -> Sale {
    let rule = json!({ "tax_class": "standard", "country": "DE", "rate_millionths": 190_000 });
    shop.post("/v1/tax-rules", rule).await.expect(201);
    let product = json!({ "title": "Mug", "tax_class": "standard", "status": "active" });
    let product = shop.post("/v1/products", product).await.text_of(201, "id");
    let variant = json!({
        "product": product, "sku": shop.make.name("SKU"), "title": "Mug, blue",
        "track_inventory": true,
    });
    let variant = shop.post("/v1/variants", variant).await.text_of(201, "id");
    let price = json!({
        "variant": variant, "price_list": "default", "tax_included": true,
        "amount": { "minor": 1000, "currency": "EUR" },
    });
    shop.post("/v1/prices", price).await.expect(201);
    let location = json!({ "code": shop.make.name("loc"), "name": "Main", "country": "DE" });
    let location = shop.post("/v1/locations", location).await.text_of(201, "id");
    receive(shop, &location, &variant, 100).await.expect(201);
    let new = json!({ "currency": "EUR", "tax_included": true });
    let made = shop.post("/v1/carts", new).await;
    let (cart, token) = (made.text_of(201, "id"), made.text_of(201, "token"));
    let shopper = shop.with_token(&token);
    let line = json!({ "variant": variant, "quantity": 2 });
    shopper.post(&format!("/v1/carts/{cart}/lines"), line).await.expect(200);
    Sale { shopper, cart, variant, location }
}

/// Units arrive.
pub async fn receive(shop: &Client, location: &str, variant: &str, units: i64) -> Answer {
    let movement = json!({
        "kind": "receive", "location": location, "variant": variant, "quantity": units,
    });
    shop.post("/v1/stock-movements", movement).await
}

/// What the shopper of a sale asks for.
pub fn order(sale: &Sale) -> Value {
    json!({ "cart": sale.cart, "email": "guest@example.org", "country": "DE" })
}

/// An order of a sale, placed by the shopper.
pub async fn placed(sale: &Sale) -> Value {
    let path = format!("/v1/carts/{}/checkout", sale.cart);
    sale.shopper.post(&path, json!({ "country": "DE" })).await.expect(200);
    sale.shopper.post("/v1/orders", order(sale)).await.expect(201).clone()
}

/// A payment of an order, begun by the shopper, whose money is taken later.
pub async fn payment(sale: &Sale, order: &Value) -> String {
    let new = json!({
        "order": order["id"], "amount": order["total"], "method_type": "card",
        "provider": "fake", "capture_mode": "manual_multiple",
    });
    sale.shopper.post("/v1/payments", new).await.text_of(201, "id")
}

/// The same, and the money is held.
pub async fn authorized(sale: &Sale, order: &Value) -> String {
    let payment = payment(sale, order).await;
    let path = format!("/v1/payments/{payment}/attempts");
    let attempt = sale.shopper.post(&path, json!({ "token": "tok_visa" })).await;
    assert_eq!(attempt.expect(201)["payment_state"], "authorized");
    payment
}

/// The same, and the money is taken.
pub async fn captured(shop: &AuthedClient) -> String {
    let sale = cart(shop).await;
    let order = placed(&sale).await;
    let payment = authorized(&sale, &order).await;
    let taken = shop.post(&format!("/v1/payments/{payment}/capture"), json!({})).await;
    assert_eq!(taken.expect(201)["payment_state"], "captured");
    payment
}

/// Sends a POST with a key of its own.
pub async fn keyed(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    client
        .request(reqwest::Method::POST, path)
        .header(HEADER, &format!("\"{key}\""))
        .json(body)
        .send()
        .await
}

/// The tables of which some row has a text in one of its columns.
pub async fn tables_that_hold(shop: &AuthedClient, text: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
          WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname",
    )
    .fetch_all(&shop.make.db)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let sql =
            format!("SELECT EXISTS (SELECT FROM {table} WHERE strpos({table}::text, $1) > 0)");
        let holds: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(text)
            .fetch_one(&shop.make.db)
            .await
            .unwrap();
        if holds {
            found.push(table);
        }
    }
    found
}
