//! Clients that do not go on.
//!
//! How long they are waited for is set to a moment here; that they are cut off at all is what is
//! tried, so nothing depends on how fast the machine is.

use std::time::Duration;

use shop::http::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{Client, Service, every_scope, key};
use crate::make::Make;

fn hasty() -> Limits {
    let moment = Duration::from_millis(200);
    Limits { time: moment, quiet: moment, ..Limits::default() }
}

/// Everything the service says until it closes the connection.
async fn hear(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let read = stream.read_to_end(&mut heard);
    // A connection that is cut off may end with a reset.
    drop(tokio::time::timeout(Duration::from_mins(1), read).await.expect("the service closes"));
    String::from_utf8_lossy(&heard).into_owned()
}

#[proofmark::test]
async fn a_client_that_never_ends_its_head_is_cut_off(make: Make) {
    let service = Service::start(&make, hasty()).await;
    for begun in ["", "GET /health/live HT", "GET /health/live HTTP/1.1\r\nX-A: "] {
        let mut slow = TcpStream::connect(service.url.trim_start_matches("http://")).await.unwrap();
        slow.write_all(begun.as_bytes()).await.unwrap();
        let heard = hear(&mut slow).await;
        assert!(!heard.contains("200 OK"), "{begun:?}: {heard}");
    }
    Client::new(&service.url).get("/health/live").await.expect(200);
}

#[proofmark::test]
async fn a_client_that_never_ends_its_body_is_answered_and_cut_off(make: Make) {
    let service = Service::start(&make, hasty()).await;
    let token = key(&make, &every_scope(&make).await).await;
    let mut slow = TcpStream::connect(service.url.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: \"slow-0001\"\r\n\
         Content-Length: 1000\r\n\r\n{{\"title\":"
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    let heard = hear(&mut slow).await;
    assert!(heard.starts_with("HTTP/1.1 503 "), "{heard}");
    assert!(heard.contains("timed_out"), "{heard}");
}

/// Many that are slow keep nobody from being served.
#[proofmark::test]
async fn slow_clients_do_not_keep_others_waiting(make: Make) {
    let service = Service::start(&make, Limits::default()).await;
    let address = service.url.trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"POST /v1/products HTTP/1.1\r\nHost: x\r\nContent-Le").await.unwrap();
        slow.push(stream);
    }
    let token = key(&make, &every_scope(&make).await).await;
    Client::new(&service.url).with_token(&token).get("/v1/products").await.expect(200);
    drop(slow);
}
