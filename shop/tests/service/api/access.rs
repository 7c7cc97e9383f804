//! Every route with every wrong identity, as the OpenAPI document lists them: refused, and nothing
//! read or changed.

use std::collections::BTreeMap;

use proofmark::{FromLease as _, Lease};
use serde_json::{Value, json};
use shop::http::key::{CreateKey, create_key, revoke_key};
use shop::value::Slug;
use sqlx::{AssertSqlSafe, PgPool};

use super::stage;
use crate::client::{Answer, AuthedClient, Client, every_scope, key};
use crate::security::document::{Operation, Sample, operations};

/// What is in every table, as a digest each.
async fn contents(db: &PgPool) -> BTreeMap<String, Option<String>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let mut contents = BTreeMap::new();
    for table in tables {
        let sql = format!("SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t");
        let digest = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await.unwrap();
        contents.insert(table, digest);
    }
    contents
}

/// Puts ids of things that exist where the document has ids of the same kind.
struct Known(BTreeMap<String, String>);

impl Known {
    fn text(&self, text: &str) -> String {
        let kind = text.split_once('_').map_or("", |(kind, _)| kind);
        let is_id = text.len() == kind.len() + 33;
        self.0.get(kind).filter(|_| is_id).cloned().unwrap_or_else(|| text.to_owned())
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, member)| (name.clone(), self.value(member))).collect()
            }
            other => other.clone(),
        }
    }

    fn sample(&self, operation: &Operation<'_>) -> Sample {
        let mut sample = operation.sample();
        for (_, value) in &mut sample.path {
            *value = self.text(value);
        }
        sample.body = sample.body.map(|body| self.value(&body));
        sample
    }
}

async fn ask(client: &Client, operation: &Operation<'_>, sample: &Sample) -> Answer {
    let method = operation.method.parse().unwrap();
    let mut request = client
        .request(method, &sample.target(&operation.path))
        .key(&uuid::Uuid::new_v4().to_string())
        .header("if-match", "\"0\"");
    if let Some(body) = &sample.body {
        request = request.json(body);
    }
    request.send().await
}

/// A shop with one of everything that has an id, and what the ids are.
async fn filled(shop: &AuthedClient) -> (stage::Sale, Known) {
    let sale = stage::cart(shop).await;
    let order = stage::placed(&sale).await;
    let payment = stage::authorized(&sale, &order).await;
    let mut known = BTreeMap::new();
    let mut learn = |id: &str| {
        known.insert(id.split_once('_').unwrap().0.to_owned(), id.to_owned());
    };
    for id in [&sale.cart, &sale.variant, &sale.location, &payment] {
        learn(id);
    }
    learn(order["id"].as_str().unwrap());
    learn(order["lines"][0]["id"].as_str().unwrap());
    for path in ["products", "reservations", "events", "prices", "api-keys"] {
        let list = shop.get(&format!("/v1/{path}?limit=1")).await;
        if let Some(id) = list.expect(200)["data"][0]["id"].as_str() {
            learn(id);
        }
    }
    (sale, Known(known))
}

#[proofmark::test]
async fn no_wrong_identity_reads_or_changes_anything(shop: AuthedClient) {
    let (_, known) = filled(&shop).await;
    let (db, context) = (&shop.make.db, &shop.make.context);
    let all = every_scope(&shop.make).await;
    let request = |expires_at| CreateKey {
        name: "x".parse().unwrap(),
        scopes: all.clone(),
        expires_at,
        per_minute: None,
    };
    let soon = context.now() + chrono::Duration::minutes(1);
    let expired = create_key(db, context, &request(Some(soon))).await.unwrap().1.reveal();
    let (revoked_id, revoked) = create_key(db, context, &request(None)).await.unwrap();
    revoke_key(db, context, revoked_id).await.unwrap();
    let good = shop.token().unwrap();
    let mut forged = good[..good.len() - 1].to_owned();
    forged.push(if good.ends_with('A') { 'B' } else { 'A' });
    shop.make.clock.advance(chrono::Duration::minutes(2));
    let strangers = [
        ("no token", shop.without_token(), "credentials_missing"),
        ("garbage", shop.with_token("garbage"), "credentials_invalid"),
        ("forged", shop.with_token(&forged), "credentials_invalid"),
        ("expired", shop.with_token(&expired), "credentials_invalid"),
        ("revoked", shop.with_token(&revoked.reveal()), "credentials_invalid"),
    ];
    let document: Value = shop.get("/openapi.json").await.expect(200).clone();
    let before = contents(db).await;
    let mut tried = 0;
    for operation in &operations(&document) {
        let sample = known.sample(operation);
        for (who, client, code) in &strangers {
            let answer = ask(client, operation, &sample).await;
            let what = format!("{who}: {} {}", operation.method, operation.path);
            assert_eq!(answer.status, 401, "{what}: {answer:?}");
            answer.expect_problem(401, code);
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
    assert_eq!(contents(db).await, before);
}

#[proofmark::test]
async fn a_key_without_the_scope_reads_and_changes_nothing(shop: AuthedClient) {
    let (_, known) = filled(&shop).await;
    let all = every_scope(&shop.make).await;
    let document: Value = shop.get("/openapi.json").await.expect(200).clone();
    let mut without: BTreeMap<String, Client> = BTreeMap::new();
    for scope in &all {
        let rest = all.iter().filter(|one| *one != scope).cloned().collect();
        let client = shop.with_token(&key(&shop.make, &rest).await);
        // What is counted of a key is written at its first request of a minute.
        drop(client.get("/v1/locations").await);
        without.insert(scope.to_string(), client);
    }
    let before = contents(&shop.make.db).await;
    for operation in &operations(&document) {
        let item = &document["paths"][&operation.path][operation.method.to_lowercase()];
        let asked = item["security"].as_array().unwrap().iter().find_map(|one| one.get("api_key"));
        let scope = asked.unwrap()[0].as_str().unwrap();
        assert!(all.contains(&scope.parse::<Slug>().unwrap()), "{scope}");
        let answer = ask(&without[scope], operation, &known.sample(operation)).await;
        let what = format!("{} {}: {answer:?}", operation.method, operation.path);
        assert_eq!(answer.status, 403, "{what}");
        assert_eq!(answer.expect_problem(403, "scope_missing")["scope"], scope, "{what}");
    }
    assert_eq!(contents(&shop.make.db).await, before);
}

#[proofmark::test]
async fn the_token_of_another_cart_opens_nothing(shop: AuthedClient) {
    let (_, known) = filled(&shop).await;
    let new = json!({ "currency": "EUR", "tax_included": true });
    let token = shop.post("/v1/carts", new).await.text_of(201, "token");
    let stranger = shop.with_token(&token);
    let document: Value = shop.get("/openapi.json").await.expect(200).clone();
    let before = contents(&shop.make.db).await;
    let mut open = 0;
    for operation in &operations(&document) {
        let item = &document["paths"][&operation.path][operation.method.to_lowercase()];
        let mut security = item["security"].as_array().unwrap().iter();
        let shoppers = security.any(|one| one.get("cart_token").is_some());
        let answer = ask(&stranger, operation, &known.sample(operation)).await;
        let what = format!("{} {}: {answer:?}", operation.method, operation.path);
        match (shoppers, item["tags"][0].as_str()) {
            (false, _) => {
                answer.expect_problem(403, "scope_missing");
            }
            // What is for sale may be seen by every shopper.
            (true, Some("catalog")) => assert_eq!(operation.method, "GET", "{what}"),
            (true, _) => {
                open += 1;
                assert!(matches!(answer.status.as_u16(), 400 | 404 | 422), "{what}");
            }
        }
    }
    assert!(open >= 14, "{open}");
    assert_eq!(contents(&shop.make.db).await, before);
}

#[proofmark::test]
async fn a_key_ends_at_its_revocation_and_is_followed_by_another(shop: AuthedClient) {
    let scopes = ["keys.write", "catalog.read"];
    let new = json!({ "name": "till", "scopes": scopes });
    let made = shop.post("/v1/api-keys", new).await;
    let till = shop.with_token(&made.text_of(201, "key"));
    till.get("/v1/products").await.expect(200);
    let more = json!({ "name": "more", "scopes": ["orders.read"] });
    till.post("/v1/api-keys", more).await.expect_problem(403, "scope_missing");
    let id = made.text_of(201, "id");
    let rotate = format!("/v1/api-keys/{id}/rotate");
    let next = till.post(&rotate, json!({ "overlap_seconds": 60 })).await.text_of(201, "key");
    till.post(&rotate, json!({ "overlap_seconds": 60 }))
        .await
        .expect_problem(409, "api_key_replaced");
    let next = shop.with_token(&next);
    next.get("/v1/products").await.expect(200);
    till.get("/v1/products").await.expect(200);
    shop.make.clock.advance(chrono::Duration::seconds(61));
    till.get("/v1/products").await.expect_problem(401, "credentials_invalid");
    next.get("/v1/products").await.expect(200);
    let keys = next.get("/v1/api-keys").await;
    let keys = keys.expect(200)["data"].as_array().unwrap().clone();
    let follower = keys.last().unwrap()["id"].as_str().unwrap();
    shop.delete(&format!("/v1/api-keys/{follower}")).await.expect(204);
    next.get("/v1/products").await.expect_problem(401, "credentials_invalid");
    assert!(!keys.iter().any(|key| key.to_string().contains("secret")));
}

#[proofmark::test]
async fn nothing_of_a_key_is_stored_but_its_digest(lease: Lease) {
    let shop = AuthedClient::from_lease(&lease).await.unwrap();
    let secret = shop.token().unwrap().rsplit('_').next().unwrap().to_owned();
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT k::text FROM api_key k").fetch_all(&shop.make.db).await.unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| !row.contains(&secret)));
}
