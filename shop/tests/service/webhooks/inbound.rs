//! News of a provider: believed by their signature, heard once, in whatever order they come.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::{DateTime, Duration, Utc};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use shop::id::Id as _;
use shop::payment::inbound::{HEADER, signature};
use shop::payment::provider::fake::{Behaviour, Finish, Gate};
use shop::payment::{Heard, Notice, PaymentState, apply_due, authorize};
use tower::ServiceExt as _;

use crate::api::stage;
use crate::client::{AuthedClient, Client, Service, TestClient};
use crate::make::Make;
use crate::make::payment::token;

const SECRET: &str = "a secret of the provider";

struct Inbox {
    make: Make,
    app: Router,
}

impl Inbox {
    fn of(client: &TestClient) -> Self {
        Self::at(&client.service, &client.make)
    }

    fn at(service: &Service, make: &Make) -> Self {
        let mut state = service.state.clone();
        state.notices = format!("fake={SECRET}").parse().unwrap();
        Self { make: make.clone(), app: shop::http::router(state) }
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

    let large = vec![b' '; 300_000];
    let (status, answer) = inbox.post("fake", &inbox.signed(&large), large).await;
    assert_eq!(
        (status, &answer["code"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large"))
    );
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

/// Every order of three things.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

#[proofmark::test]
async fn news_in_any_order_come_to_the_same(test_client: TestClient) {
    let inbox = Inbox::of(&test_client);
    let make = &inbox.make;
    for order in ORDERS {
        let (fake, payment) = (make.fake(), make.payment().await);
        fake.script([Behaviour::RequireAction]);
        let asked = authorize(&make.db, &make.context, &fake, payment, token()).await.unwrap();
        fake.finish(asked.attempt.uuid(), &Finish::Process);
        fake.finish(asked.attempt.uuid(), &Finish::Succeed);
        let mut notices = fake.take_notices();
        // Every fake counts its notices from 1; here they are all of one provider.
        for notice in &mut notices {
            notice.event = make.name("evt").parse().unwrap();
        }
        for place in order {
            let heard = inbox.tell(&notices[place]).await;
            assert!(["applied", "ignored"].contains(&heard.as_str()), "{order:?}: {heard}");
            assert_eq!(inbox.tell(&notices[place]).await, "duplicate", "{order:?}");
        }
        assert_eq!(make.state_of(payment).await, PaymentState::Authorized, "{order:?}");
    }
}

/// The provider has acted, and says so before its answer is booked here.
#[proofmark::test(worker_threads = 2)]
async fn news_that_overtake_the_answer_count_once(shop: AuthedClient) {
    let payment = stage::captured(&shop).await;
    let (fake, gate) = (shop.service.fake.clone(), Gate::default());
    drop(fake.take_notices());
    fake.script([Behaviour::HoldAfter(gate.clone())]);
    let (client, path) = (Client::clone(&shop), format!("/v1/payments/{payment}/refunds"));
    let refund = json!({ "amount": { "minor": 700, "currency": "EUR" }, "reason": "duplicate" });
    let asked = tokio::spawn(async move { client.post(&path, refund).await });
    let told = async {
        loop {
            if let Some(notice) = fake.take_notices().pop() {
                return notice;
            }
            tokio::task::yield_now().await;
        }
    };
    let notice = tokio::time::timeout(std::time::Duration::from_mins(1), told).await.unwrap();
    let inbox = Inbox::at(&shop.service, &shop.make);
    assert_eq!(inbox.tell(&notice).await, "applied");
    gate.open();
    assert_eq!(asked.await.unwrap().expect(201)["state"], "succeeded");
    assert_eq!(inbox.tell(&notice).await, "duplicate");
    let shown = shop.get(&format!("/v1/payments/{payment}")).await;
    assert_eq!(shown.expect(200)["refunded"]["minor"], 700);
    assert_eq!(fake.moved(payment.parse().unwrap()).refunded, 700);
}

/// What was heard once is not heard again, however fresh its signature is.
#[proofmark::test]
async fn what_is_replayed_with_a_new_signature_changes_nothing(test_client: TestClient) {
    let inbox = Inbox::of(&test_client);
    let (payment, notice) = unanswered(&test_client).await;
    assert_eq!(inbox.tell(&notice).await, "applied");
    inbox.make.clock.advance(Duration::seconds(290));
    assert_eq!(inbox.tell(&notice).await, "duplicate");
    // Another body under the same id is what was heard, not what is said now.
    let mut other = serde_json::from_slice::<Value>(&bytes(&notice, notice.occurred_at)).unwrap();
    other["news"]["attempt"] = json!(inbox.make.context.id::<shop::id::AttemptId>().to_string());
    let body = other.to_string().into_bytes();
    let (status, answer) = inbox.post("fake", &inbox.signed(&body), body).await;
    assert_eq!((status, &answer["heard"]), (StatusCode::OK, &json!("duplicate")));
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_received")
        .fetch_one(&inbox.make.db)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    assert_eq!(inbox.make.state_of(payment).await, PaymentState::Authorized);
}
