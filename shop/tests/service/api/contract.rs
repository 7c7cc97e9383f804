//! The document: committed, and never broken.

use expect_test::expect_file;
use serde_json::Value;
use shop::http::openapi::{document, text};

use super::compatibility::breaks;

/// `UPDATE_EXPECT=1 cargo test -p shop --test service api::contract` writes it anew.
#[test]
fn the_committed_document_is_what_the_routes_say() {
    expect_file!["../../../openapi.json"].assert_eq(&text(&document()));
}

#[test]
fn nothing_that_was_released_is_broken() {
    let released: Value =
        serde_json::from_str(include_str!("../../../openapi.released.json")).unwrap();
    let now: Value = serde_json::from_str(&text(&document())).unwrap();
    let broken = breaks(&released, &now);
    assert!(broken.is_empty(), "the release had more: {broken:#?}");
}

/// The comparison is tried on made-up documents where it is written; here on the one it is for.
#[test]
fn a_break_is_seen() {
    let now: Value = serde_json::from_str(&text(&document())).unwrap();
    let without = |pointer: &str, member: &str| {
        let mut changed = now.clone();
        changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(member).unwrap();
        breaks(&now, &changed)
    };
    assert_eq!(without("/paths", "/v1/orders"), ["/v1/orders is gone"]);
    assert_eq!(without("/paths/~1v1~1orders", "post"), ["POST /v1/orders is gone"]);
    let gone = without("/components/schemas/Payment/properties", "state");
    assert_eq!(gone, ["Payment.state is gone"]);
    let mut changed = now.clone();
    let required = &mut changed["components"]["schemas"]["NewCart"]["required"];
    required.as_array_mut().unwrap().push("customer".into());
    assert_eq!(breaks(&now, &changed), ["NewCart.customer is needed now"]);
    assert!(breaks(&now, &now).is_empty());
}

#[proofmark::test]
async fn the_document_is_served_with_a_page_to_try_it(test_client: crate::client::TestClient) {
    let served = test_client.get("/openapi.json").await;
    assert_eq!(served.expect(200)["openapi"], "3.1.0");
    let page = test_client.get("/docs/").await;
    page.expect(200);
    assert!(page.text.contains("swagger-ui"), "{}", page.text);
}
