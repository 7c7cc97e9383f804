//! News of a provider: believed by their signature, heard once, in whatever order they come.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::{DateTime, Duration, Utc};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use shop::payment::inbound::{HEADER, signature};
use shop::payment::provider::fake::Behaviour;
use shop::payment::{Heard, Notice, PaymentState, apply_due, authorize};
use tower::ServiceExt as _;

use crate::client::TestClient;
use crate::make::Make;
use crate::make::payment::token;

const SECRET: &str = "a secret of the provider";

struct Inbox {
    make: Make,
    app: Router,
}

impl Inbox {
    fn of(client: &TestClient) -> Self {
        let mut state = client.service.state.clone();
        state.notices = format!("fake={SECRET}").parse().unwrap();
        Self { make: client.make.clone(), app: shop::http::router(state) }
    }

    async fn post(&self, provider: &str, header: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let request = Request::post(format!("/v1/webhooks/{provider}"))
            .header(HEADER, header)
            .body(Body::from(body))
            .unwrap();
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    fn signed(&self, body: &[u8]) -> String {
        signature(SECRET, self.make.context.now(), body)
    }

    /// Delivers a notice as the provider would.
    async fn tell(&self, notice: &Notice) -> String {
        let body = bytes(notice, notice.occurred_at);
        let (status, answer) = self.post("fake", &self.signed(&body), body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["heard"].as_str().unwrap().to_owned()
    }
}

fn bytes(notice: &Notice, occurred_at: DateTime<Utc>) -> Vec<u8> {
    let body = json!({
        "id": notice.event.as_str(),
        "occurred_at": occurred_at,
        "news": notice.news,
    });
    body.to_string().into_bytes()
}

/// A payment whose answer got lost, and the notice that tells it.
async fn unanswered(client: &TestClient) -> (shop::id::PaymentId, Notice) {
    let make = &client.make;
    let (fake, payment) = (make.fake(), make.payment().await);
    fake.script([Behaviour::TimeOutAfter]);
    authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
    (payment, fake.take_notices().remove(0))
}

#[proofmark::test]
async fn news_are_applied_once_however_often_they_come(test_client: TestClient) {
    let inbox = Inbox::of(&test_client);
    let (payment, notice) = unanswered(&test_client).await;
    assert_eq!(inbox.tell(&notice).await, "applied");
    assert_eq!(test_client.make.state_of(payment).await, PaymentState::Authorized);
    for _ in 0..3 {
        assert_eq!(inbox.tell(&notice).await, "duplicate");
    }
}

#[proofmark::test]
async fn what_is_forged_stale_or_changed_is_refused_and_not_kept(test_client: TestClient) {
    let inbox = Inbox::of(&test_client);
    let (payment, notice) = unanswered(&test_client).await;
    let body = bytes(&notice, notice.occurred_at);
    let now = inbox.make.context.now();
    let good = inbox.signed(&body);
    let forged = signature("another secret of nobody", now, &body);
    let stale = signature(SECRET, now - Duration::seconds(301), &body);
    let early = signature(SECRET, now + Duration::seconds(301), &body);
    let mut changed = body.clone();
    changed.push(b' ');
    for (provider, header, body) in [
        ("fake", "", &body),
        ("fake", "t=1,v1=zz", &body),
        ("fake", forged.as_str(), &body),
        ("fake", stale.as_str(), &body),
        ("fake", early.as_str(), &body),
        ("fake", good.as_str(), &changed),
        ("manual", good.as_str(), &body),
        ("nobody", good.as_str(), &body),
    ] {
        let (status, answer) = inbox.post(provider, header, body.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{provider} {header}");
        assert_eq!(answer["code"], "signature_invalid");
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_received")
        .fetch_one(&inbox.make.db)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    assert_eq!(inbox.make.state_of(payment).await, PaymentState::RequiresPaymentMethod);

    let nonsense = b"{\"id\": \"evt_1\"}".to_vec();
    let (status, answer) = inbox.post("fake", &inbox.signed(&nonsense), nonsense).await;
    assert_eq!(
        (status, &answer["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("body_invalid"))
    );
}

#[proofmark::test]
async fn news_that_come_before_our_own_commit_wait(test_client: TestClient) {
    let inbox = Inbox::of(&test_client);
    let (payment, notice) = unanswered(&test_client).await;
    let make = &inbox.make;
    // As if the attempt were not committed yet: the notice is about an id that nobody knows.
    let mut early = serde_json::from_slice::<Value>(&bytes(&notice, notice.occurred_at)).unwrap();
    let unknown: shop::id::AttemptId = make.context.id();
    early["news"]["attempt"] = json!(unknown.to_string());
    early["id"] = json!("evt_early");
    let body = early.to_string().into_bytes();
    let (status, answer) = inbox.post("fake", &inbox.signed(&body), body).await;
    assert_eq!((status, &answer["heard"]), (StatusCode::OK, &json!("waiting")));
    make.clock.advance(Duration::seconds(2));
    assert_eq!(apply_due(&make.db, &make.context, 10).await.unwrap(), [Heard::Waiting]);
    // The one that is about what we know is not held up by it.
    assert_eq!(inbox.tell(&notice).await, "applied");
    assert_eq!(make.state_of(payment).await, PaymentState::Authorized);
}
