//! Bodies that are too large, too deep, or not what they say they are.

use reqwest::Method;
use serde_json::json;

use crate::client::{Answer, AuthedClient};

async fn send(client: &AuthedClient, kind: &str, body: Vec<u8>) -> Answer {
    let request = client.request(Method::POST, "/v1/products").key("bodies-0001");
    let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
    request.body(body).send().await
}

/// A client that is refused while it still writes may find its connection closed instead of the
/// answer; either way nothing is done.
#[proofmark::test]
async fn a_body_over_the_limit_is_refused(client: AuthedClient) {
    let limit = client.service.state.limits.body_bytes;
    let title = "x".repeat(limit + 1);
    let body = json!({ "title": title, "tax_class": "standard", "status": "active" }).to_string();
    let answer = send(&client, "application/json", body.into_bytes()).await;
    answer.expect_problem(413, "body_too_large");
}

#[proofmark::test]
async fn a_body_of_deep_nesting_is_refused(client: AuthedClient) {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let depth = 40_000;
        let body = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let answer = send(&client, "application/json", body.into_bytes()).await;
        assert!((400..500).contains(&answer.status.as_u16()), "{answer:?}");
    }
}

#[proofmark::test]
async fn what_is_no_json_is_refused(client: AuthedClient) {
    let good = json!({ "title": "Mug", "tax_class": "standard", "status": "active" }).to_string();
    let cases: [(&str, Vec<u8>); 9] = [
        ("application/json", b"".to_vec()),
        ("application/json", b"{".to_vec()),
        ("application/json", b"\xff\xfe\x00".to_vec()),
        ("application/json", b"{\"title\": \"\\ud800\", \"tax_class\": \"standard\"}".to_vec()),
        (
            "application/json",
            b"{\"title\":\"a\",\"title\":\"b\",\"tax_class\":\"standard\",\"status\":\"active\"}"
                .to_vec(),
        ),
        ("application/json", format!("{good}{good}").into_bytes()),
        ("application/json", b"1e999999".to_vec()),
        ("text/plain", good.clone().into_bytes()),
        ("application/x-www-form-urlencoded", good.clone().into_bytes()),
    ];
    for (kind, body) in cases {
        let answer = send(&client, kind, body.clone()).await;
        let text = String::from_utf8_lossy(&body);
        assert!((400..500).contains(&answer.status.as_u16()), "{kind} {text}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{kind} {text}");
    }
    let unnamed = send(&client, "", good.into_bytes()).await;
    assert_eq!(unnamed.status, 415, "{unnamed:?}");
}

/// A small body that would unpack to a large one is not unpacked.
#[proofmark::test]
async fn a_packed_body_is_not_unpacked(client: AuthedClient) {
    let packed =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x04\x00\x43\xbe\xb7\xe8\x01\x00\x00\x00";
    let request = client.request(Method::POST, "/v1/products").key("packed-0001");
    let request = request.header("content-type", "application/json");
    let answer = request.header("content-encoding", "gzip").body(packed.to_vec()).send().await;
    assert!((400..500).contains(&answer.status.as_u16()), "{answer:?}");
}
