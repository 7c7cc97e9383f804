//! The service itself is killed while people buy, and started again on the same data directory.
//!
//! The process is the built command with a PostgreSQL of its own. Its provider dies with it, so
//! what is compared here are the books; [`super::database`] compares them with the provider's.

use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::books;
use super::buying::{Buyer, Crowd, Whereabouts};
use crate::client::Client;
use crate::commands::{Serving, done};

const RECEIVED: i64 = 10_000;

/// One variant at 10.00 with stock.
async fn stock(client: &Client) -> String {
    let made = async |path: &str, body: Value| client.post(path, body).await.text_of(201, "id");
    let rule = json!({ "tax_class": "standard", "country": "DE", "rate_millionths": 190_000 });
    made("/v1/tax-rules", rule).await;
    let location = json!({ "code": "shelf", "name": "Shelf", "country": "DE" });
    let location = made("/v1/locations", location).await;
    let product = json!({ "title": "Mug", "tax_class": "standard", "status": "active" });
    let product = made("/v1/products", product).await;
    let variant = json!({
        "product": product, "sku": "MUG-1", "title": "Mug", "track_inventory": true,
    });
    let variant = made("/v1/variants", variant).await;
    let price = json!({
        "variant": variant, "price_list": "default", "tax_included": true,
        "amount": { "minor": 1_000, "currency": "EUR" },
    });
    made("/v1/prices", price).await;
    let movement = json!({
        "kind": "receive", "location": location, "variant": variant, "quantity": RECEIVED,
    });
    client.post("/v1/stock-movements", movement).await.expect(201);
    variant
}

async fn start(data: &Path) -> Serving {
    let data = data.to_owned();
    tokio::task::spawn_blocking(move || Serving::start(&data)).await.unwrap()
}

/// Whoever was told that an order is placed and paid finds both after the service was killed with
/// no chance to finish or to tidy up, and nothing was charged twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_the_death_of_the_service() {
    let root = tempfile::tempdir().unwrap();
    // Where root runs the tests, the server runs as another user who has to pass through.
    std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))
        .unwrap();
    let data = root.path().join("data");
    let mut serving = start(&data).await;
    let key = serving.told("key").expect("the first start says a key");
    let variant = stock(&serving.client(&key)).await;
    let at = Whereabouts::new(&serving.url());
    let mut crowd = Crowd::start(4, &Buyer::new(&at, &key, &variant));
    for _ in 0..2 {
        crowd.buys(4).await;
        assert_eq!(serving.end(Signal::SIGKILL), None);
        serving = start(&data).await;
        at.moved(&serving.url());
        // More than everybody was at when it died: these began after it came back.
        crowd.buys(5).await;
    }
    let bought = crowd.closes().await;
    assert!(bought.len() >= 18, "{}", bought.len());

    let options = PgConnectOptions::new_without_pgpass().socket(data.join("socket")).port(5432);
    let options = options.username("postgres").database("shop");
    let db = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    books::kept(&db, &bought).await;
    books::shelf(&db, variant.parse().unwrap(), RECEIVED).await;
    db.close().await;
    assert!(done(&data, &["check"]).contains("0 are broken"));
    assert_eq!(serving.end(Signal::SIGTERM), Some(0));
}
