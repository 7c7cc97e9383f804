//! Requests whose end two readers may see in different places, and heads that are no heads.
//!
//! In every form the hidden request asks for `/health/live`, which nobody refuses: an answer to it
//! would be seen.

use super::raw::say;
use crate::client::TestClient;

const HIDDEN: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

/// Heads that are refused, with everything after them.
#[proofmark::test]
async fn a_request_with_two_ends_is_refused_and_what_follows_is_not_read(client: TestClient) {
    let post = "POST /v1/products HTTP/1.1\r\nHost: x\r\n";
    let forms = [
        ("two lengths that differ", "Content-Length: 0\r\nContent-Length: 40\r\n\r\n"),
        ("a list of lengths that differ", "Content-Length: 0, 40\r\n\r\n"),
        ("a length with a sign", "Content-Length: +0\r\n\r\n"),
        ("a length in hexadecimal", "Content-Length: 0x0\r\n\r\n"),
        ("a negative length", "Content-Length: -1\r\n\r\n"),
        ("a coding that is not known", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("chunked that is not last", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("a coding after white space", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        ("a line that is folded", "X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("a name with a NUL", "X-\0A: b\r\nContent-Length: 0\r\n\r\n"),
        ("a name with white space", "X A: b\r\nContent-Length: 0\r\n\r\n"),
        ("a value with a NUL", "X-A: \0\r\nContent-Length: 0\r\n\r\n"),
        ("a chunk whose size is none", "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"),
        (
            "a chunk of more than there is room for",
            "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n",
        ),
    ];
    for (name, rest) in forms {
        let heard = say(&client.service.url, format!("{post}{rest}{HIDDEN}").as_bytes()).await;
        assert!(heard.closed, "{name}: {heard:?}");
        assert!(heard.answers() <= 1, "{name}: the hidden request was answered: {heard:?}");
        assert!(!heard.text.contains("\"live\""), "{name}: {heard:?}");
        let refused = heard.answers() == 0 || (400..500).contains(&heard.status());
        assert!(refused, "{name}: {heard:?}");
    }
}

/// A length beside chunks: the chunks count (RFC 9112, 6.3), and the connection is not used again
/// for what another reader would have taken for the body.
#[proofmark::test]
async fn a_length_beside_chunks_hides_nothing(client: TestClient) {
    let body = format!("0\r\n\r\n{HIDDEN}");
    for order in [
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", body.len()),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", body.len()),
    ] {
        let request = format!("POST /v1/products HTTP/1.1\r\nHost: x\r\n{order}\r\n{body}");
        let heard = say(&client.service.url, request.as_bytes()).await;
        assert!(heard.closed, "{heard:?}");
        assert!((400..500).contains(&heard.status()), "{heard:?}");
        assert!(!heard.text.contains("\"live\""), "{order}: {heard:?}");
    }
}

#[proofmark::test]
async fn what_is_no_http_is_refused(client: TestClient) {
    let many = "X-A: b\r\n".repeat(2_000);
    let long = "a".repeat(1_000_000);
    let forms: [(&str, Vec<u8>); 9] = [
        ("nothing", b"".to_vec()),
        ("noise", (0..=255).collect()),
        ("an end", b"\r\n\r\n\r\n\r\n".to_vec()),
        ("a version that is none", b"GET /v1/products HTTP/9.9\r\n\r\n".to_vec()),
        ("HTTP/0.9", b"GET /v1/products\r\n\r\n".to_vec()),
        ("too many headers", format!("GET /health/live HTTP/1.1\r\n{many}\r\n").into_bytes()),
        ("a path of a megabyte", format!("GET /{long} HTTP/1.1\r\n\r\n").into_bytes()),
        ("a header of a megabyte", format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n").into_bytes()),
        ("a path with a space", b"GET /health/live x HTTP/1.1\r\n\r\n".to_vec()),
    ];
    for (name, bytes) in forms {
        let heard = say(&client.service.url, &bytes).await;
        assert!(heard.closed, "{name}: {heard:?}");
        let refused = heard.answers() == 0 || (400..500).contains(&heard.status());
        assert!(refused, "{name}: {heard:?}");
    }
    client.get("/health/live").await.expect(200);
}

/// Requests one after the other on a connection are answered in their order, each by itself.
#[proofmark::test]
async fn requests_in_a_row_are_answered_in_their_order(client: TestClient) {
    let row =
        "POST /v1/products HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}".to_owned() + HIDDEN;
    let heard = say(&client.service.url, row.as_bytes()).await;
    let answers: Vec<&str> = heard.text.matches("HTTP/1.1 ").collect();
    // The first is refused before its body is read; the connection may end with it.
    assert!((1..=2).contains(&answers.len()), "{heard:?}");
    assert_eq!(heard.status(), 401, "{heard:?}");
    if answers.len() == 2 {
        assert!(heard.text.contains("\"live\""), "{heard:?}");
    }
}
