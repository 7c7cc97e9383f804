//! The admin page: what it shows, to whom, and how it is used in a browser.

mod browser;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::make::Make;

async fn ask(app: &Router, method: Method, path: &str, host: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path).header(header::HOST, host);
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn page(app: &Router, path: &str) -> String {
    let answer = ask(app, Method::GET, path, "127.0.0.1:8081").await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[proofmark::test]
async fn it_shows_stock_orders_payments_and_what_waits(make: Make) {
    let order = make.shipped_order().await;
    let app = shop::admin::router(make.db.clone(), make.context.clone());
    let overview = page(&app, "/").await;
    assert!(overview.contains("<td>fulfilled</td><td class=\"number\">1</td>"), "{overview}");
    assert!(overview.contains("<dt>Events to publish</dt>"));
    assert!(page(&app, "/stock").await.contains("<th scope=\"col\">SKU</th>"));
    assert!(page(&app, "/stock?q=no%25such").await.contains("Nothing."));
    let orders = page(&app, "/orders").await;
    assert!(orders.contains(&format!("/orders/{}", order.id)), "{orders}");
    let one = page(&app, &format!("/orders/{}", order.id)).await;
    assert!(one.contains("20.00 EUR") && one.contains("captured"), "{one}");
    assert!(page(&app, "/payments").await.contains("captured"));
    assert!(page(&app, "/events").await.contains("<b>not yet</b>"));
    let nothing = ask(&app, Method::GET, "/orders/ord_nonsense", "localhost").await;
    assert_eq!(nothing.status(), StatusCode::NOT_FOUND);
}

#[proofmark::test]
async fn it_answers_only_to_names_of_this_machine_and_only_reads(make: Make) {
    let app = shop::admin::router(make.db.clone(), make.context.clone());
    for host in ["localhost", "localhost:8081", "127.0.0.1:1", "[::1]:8081", "[::1]"] {
        assert_eq!(ask(&app, Method::GET, "/", host).await.status(), StatusCode::OK, "{host}");
    }
    for host in ["example.com", "127.0.0.1.example.com", "localhost.example.com:8081", "", "::1"] {
        let answer = ask(&app, Method::GET, "/", host).await;
        assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = ask(&app, method, "/orders", "localhost").await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[proofmark::test]
async fn what_somebody_wrote_is_text_and_nothing_else(make: Make) {
    let app = shop::admin::router(make.db.clone(), make.context.clone());
    let html = page(&app, "/stock?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%00").await;
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("&#60;script&#62;"), "{html}");
    for path in ["/stock?after=%00", "/orders?after=%00", "/events?after=x", "/stock?after=a%20b"] {
        page(&app, path).await;
    }
}
