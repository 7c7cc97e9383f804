//! Paths that another reader would take for a different one.

use super::raw::say;
use crate::client::{AuthedClient, TestClient};

/// Forms of a path that needs a key. What is matched must be what is guarded.
const TRICKS: [&str; 22] = [
    "//v1/products",
    "/v1//products",
    "/v1/products/",
    "/v1/./products",
    "/health/../v1/products",
    "/health/live/../../v1/products",
    "/health/live/..;/../v1/products",
    "/%2e%2e/v1/products",
    "/v1/%70roducts",
    "/v1%2fproducts",
    "/v1/products%00",
    "/v1/products%0d%0aX-A:%20b",
    "/v1/products;a=b",
    "/V1/PRODUCTS",
    "/v1/products%ff%fe",
    "/v1/products%c0%af",
    "/v1/products?%00",
    "/v1/products#/health/live",
    "\\v1\\products",
    "http://x/v1/products",
    "/v1/products/..%2f..%2fhealth%2flive",
    "*",
];

#[proofmark::test]
async fn no_form_of_a_path_leads_around_its_guard(client: TestClient) {
    for trick in TRICKS {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "CONNECT", "get", "G ET"] {
            let request =
                format!("{method} {trick} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let heard = say(&client.service.url, request.as_bytes()).await;
            assert!(heard.closed, "{method} {trick}: {heard:?}");
            assert!(heard.status() < 500, "{method} {trick}: {heard:?}");
            assert!(!heard.text.contains("\"data\""), "{method} {trick}: {heard:?}");
            assert!(!heard.text.contains("\r\nX-A: b"), "{method} {trick}: {heard:?}");
        }
    }
}

/// Headers by which some frameworks let a request be another one.
#[proofmark::test]
async fn no_header_makes_a_request_another_one(client: TestClient) {
    for header in [
        "X-HTTP-Method-Override: GET",
        "X-Original-URL: /health/live",
        "X-Rewrite-URL: /health/live",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Host: evil.example",
        "Forwarded: for=127.0.0.1;host=evil.example",
        "X-Forwarded-User: admin",
        "Authorization: Basic YWRtaW46YWRtaW4=",
        "Authorization: Bearer",
        "Authorization: Bearer null",
        "Cookie: session=admin",
    ] {
        let request = format!(
            "GET /v1/products HTTP/1.1\r\nHost: x\r\n{header}\r\nConnection: close\r\n\r\n"
        );
        let heard = say(&client.service.url, request.as_bytes()).await;
        assert_eq!(heard.status(), 401, "{header}: {heard:?}");
        assert!(!heard.text.contains("evil.example"), "{header}: {heard:?}");
    }
}

/// With a key as well: a trick finds nothing, and fails nothing.
#[proofmark::test]
async fn no_form_of_a_path_fails_the_service(client: AuthedClient) {
    let id = format!("prod_{}", "0".repeat(32));
    for tail in ["%00", "%ff", "..", "%2e%2e%2f", "'", "\"", "%0a", "😀", "%F0%9F%98%80", "{id}"]
    {
        let answer = client.get(&format!("/v1/products/{tail}")).await;
        assert!((400..500).contains(&answer.status.as_u16()), "{tail}: {answer:?}");
        let answer = client.get(&format!("/v1/products/{id}{tail}")).await;
        assert!((400..500).contains(&answer.status.as_u16()), "{tail}: {answer:?}");
    }
}
