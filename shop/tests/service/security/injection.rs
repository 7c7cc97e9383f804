//! Text that means something to whoever takes it for code, in every place where text goes.

use reqwest::Method;
use serde_json::Value;

use super::document::{Operation, Place, operations};
use crate::client::{Answer, AuthedClient};

/// What SQL, a shell, a template, a browser, a path, a format or a log would act on.
const NASTY: [&str; 14] = [
    "'; DROP TABLE cart; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "1); SELECT pg_sleep(30); --",
    "$1 $$ E'\\''",
    "\u{0}",
    "a\u{0}b",
    "../../../../etc/passwd",
    "${jndi:ldap://127.0.0.1/a} {{7*7}} <%= 7*7 %>",
    "<script>alert(1)</script>",
    "x\r\nSet-Cookie: admin=1\r\n\r\n",
    "%s%n%x %00",
    "\u{202e}\u{feff}\u{ffff}👩‍👩‍👧‍👦e\u{301}",
    "-99999999999999999999999999999999999999",
];

/// What an answer must not tell.
const TOLD: [&str; 6] = ["SQLSTATE", "syntax error", "pg_", "sqlx", "panicked", "/src/"];

fn check(operation: &Operation<'_>, place: &Place, text: &str, answer: &Answer) {
    let what = || format!("{} {} {place:?} {text:?}: {answer:?}", operation.method, operation.path);
    assert!(answer.status.as_u16() < 500, "{}", what());
    for told in TOLD {
        let repeated = text.contains(told);
        assert!(repeated || !answer.text.contains(told), "tells `{told}`: {}", what());
    }
    assert_eq!(answer.header("set-cookie"), "", "{}", what());
    if answer.status.is_client_error() {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{}", what());
        let title = answer.body["title"].as_str().unwrap_or_default();
        assert!(!title.contains(text), "{}", what());
    }
}

async fn ask(
    client: &AuthedClient,
    operation: &Operation<'_>,
    sample: &super::document::Sample,
) -> Answer {
    let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
    let key = uuid::Uuid::new_v4().to_string();
    let request = client.request(method, &sample.target(&operation.path)).key(&key);
    match &sample.body {
        Some(body) => request.json(body).send().await,
        None => request.send().await,
    }
}

/// All tables with their number of columns: what an injection would change first.
async fn schema(client: &AuthedClient) -> Vec<(String, i64)> {
    sqlx::query_as(
        "SELECT table_name::text, count(*) FROM information_schema.columns
          WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(&client.make.db)
    .await
    .unwrap()
}

#[proofmark::test]
async fn text_stays_text_wherever_it_goes(client: AuthedClient) {
    let document: Value = client.get("/openapi.json").await.expect(200).clone();
    let before = schema(&client).await;
    let operations = operations(&document);
    assert!(!operations.is_empty());
    let mut tried = 0;
    for operation in &operations {
        let sample = operation.sample();
        for place in operation.places() {
            for text in NASTY {
                // An empty segment is another path.
                let answer = ask(&client, operation, &sample.with(&place, text)).await;
                check(operation, &place, text, &answer);
                tried += 1;
            }
        }
    }
    assert!(tried >= operations.len(), "{tried}");
    assert_eq!(schema(&client).await, before);
}

/// What the sample is by itself: the document's own example must not make the service fail.
#[proofmark::test]
async fn a_request_that_the_document_allows_never_fails_the_service(client: AuthedClient) {
    let document: Value = client.get("/openapi.json").await.expect(200).clone();
    for operation in &operations(&document) {
        let sample = operation.sample();
        let answer = ask(&client, operation, &sample).await;
        let what = format!("{} {} {sample:?}: {answer:?}", operation.method, operation.path);
        assert!(answer.status.as_u16() < 500, "{what}");
        let documented = &document["paths"][&operation.path][operation.method.to_lowercase()];
        let status = answer.status.as_u16().to_string();
        assert!(documented["responses"].get(&status).is_some(), "undocumented: {what}");
    }
}
