//! `/metrics`.

use std::collections::BTreeSet;

use reqwest::Method;
use shop::event::{NotifyPublisher, publish_batch};
use shop::telemetry::CountingPublisher;

use crate::client::{AuthedClient, TestClient};

/// Every name with its labels, without the numbers.
fn series(text: &str) -> BTreeSet<&str> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series).collect()
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} is not in\n{text}")).parse().unwrap()
}

#[proofmark::test]
async fn requests_are_counted_by_the_pattern_of_their_route(client: AuthedClient) {
    client.get("/v1/products?limit=1").await.expect(200);
    client.get("/v1/products?limit=2").await.expect(200);
    let text = client.get("/metrics").await.text;
    let counted = "http_server_request_duration_seconds_count{http_request_method=\"GET\",\
                   http_route=\"/v1/products\",http_response_status_code=\"200\"}";
    assert!((value(&text, counted) - 2.0).abs() < f64::EPSILON, "{text}");
    assert!(value(&text, "process_resident_memory_bytes") > 0.0);
    assert!(value(&text, "db_client_connection_max") > 0.0);
}

/// Whatever is sent, the number of series does not grow with it.
#[proofmark::test]
async fn nothing_that_is_sent_makes_a_series_of_its_own(client: AuthedClient) {
    async fn storm(client: &AuthedClient, round: usize) {
        for n in 0..20 {
            let any = format!("{round}-{n}-\"\\\n{{}}");
            client.get(&format!("/no/such/{round}/{n}")).await;
            client.get(&format!("/v1/products/{round}x{n}")).await;
            client.get(&format!("/v1/products?limit={round}{n}x&q{n}=1")).await;
            let invented = Method::from_bytes(format!("M{round}X{n}").as_bytes()).unwrap();
            client.request(invented, "/v1/products").send().await;
            let body =
                serde_json::json!({ "title": any, "tax_class": any, "status": any, &any: 1 });
            client.post("/v1/products", body).await;
            let sent = client.request(Method::GET, "/v1/products");
            sent.header("user-agent", &format!("{round}{n}")).send().await;
        }
    }
    storm(&client, 1).await;
    let first = client.get("/metrics").await.text;
    storm(&client, 2).await;
    let second = client.get("/metrics").await.text;
    let (first, second) = (series(&first), series(&second));
    // The request for the first metrics was measured after it had been answered.
    let grown: Vec<_> =
        second.difference(&first).filter(|series| !series.contains("\"/metrics\"")).collect();
    assert!(grown.is_empty(), "{grown:#?}");
    assert!(second.len() < 2_000, "{}", second.len());
}

#[proofmark::test]
async fn orders_and_payments_are_counted_as_their_events_are_published(client: TestClient) {
    let make = &client.make;
    make.paid_order().await;
    let metrics = client.service.state.metrics.clone();
    let publisher = CountingPublisher::new(NotifyPublisher::default(), metrics);
    let waiting = client.get("/metrics").await.text;
    assert!(value(&waiting, "shop_outbox_unpublished") > 0.0);
    assert!(value(&waiting, "shop_orders_total{state=\"placed\"}").abs() < f64::EPSILON);
    while publish_batch(&make.db, &make.context, &publisher, 100).await.unwrap().published > 0 {}
    let text = client.get("/metrics").await.text;
    for counted in [
        "shop_orders_total{state=\"placed\"}",
        "shop_orders_total{state=\"confirmed\"}",
        "shop_payments_total{state=\"captured\"}",
    ] {
        assert!((value(&text, counted) - 1.0).abs() < f64::EPSILON, "{counted}\n{text}");
    }
    assert!(value(&text, "shop_outbox_unpublished").abs() < f64::EPSILON, "{text}");
}

/// A request whose client has gone is no longer under way, and is not counted as answered.
#[proofmark::test]
async fn the_requests_under_way_come_back_to_none(client: AuthedClient) {
    client.get("/v1/products").await.expect(200);
    let text = client.get("/metrics").await.text;
    // The one that asks is under way itself.
    let active = value(&text, "http_server_active_requests{http_request_method=\"GET\"}");
    assert!((active - 1.0).abs() < f64::EPSILON, "{text}");
}

#[proofmark::test]
async fn a_refusal_is_counted_by_its_code(client: TestClient) {
    client.get("/v1/products").await.expect_problem(401, "credentials_missing");
    let text = client.get("/metrics").await.text;
    let counted = value(&text, "shop_problems_total{code=\"credentials_missing\"}");
    assert!((counted - 1.0).abs() < f64::EPSILON, "{text}");
}
