//! `/v1/products`.

use serde_json::json;

use crate::client::{AuthedClient, TestClient};

#[proofmark::test]
async fn a_product_that_was_made_is_shown_and_listed(authed_client: AuthedClient) {
    let new = json!({ "title": "Mug", "tax_class": "standard", "status": "active" });
    let id = authed_client.post("/v1/products", new).await.text_of(201, "id");
    let shown = authed_client.get(&format!("/v1/products/{id}")).await;
    assert_eq!(shown.expect(200)["title"], "Mug");
    let listed = authed_client.get("/v1/products?limit=1").await;
    assert_eq!(listed.expect(200)["data"][0]["id"], id);
    assert!(listed.body.get("next").is_none());
}

#[proofmark::test]
async fn nobody_sees_a_product_without_a_token(test_client: TestClient) {
    test_client.get("/v1/products").await.expect_problem(401, "credentials_missing");
}
