//! What a test of the service begins with: the service in this process, and a client.
//!
//! In: a lease. Out: [`TestClient`], which nobody knows, and [`AuthedClient`], which has a key that
//! may do everything. Both bring [`Make`], whose clock and ids the service uses as well.

#![allow(dead_code, reason = "a client offers what a subject may come to need")]

mod answer;

pub use answer::Answer;

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use proofmark::{FromLease, Lease};
use reqwest::Method;
use serde_json::Value;
use shop::context::Context;
use shop::http::key::{CreateKey, create_key};
use shop::http::{AppState, Limits, Providers, serve};
use shop::payment::provider::fake::FakeProvider;
use shop::payment::provider::{InternalProvider, ManualProvider, Provider};
use shop::telemetry::Metrics;
use shop::value::Slug;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::make::Make;

/// A service that runs in this process until its test ends.
#[derive(Debug, Clone)]
pub struct Service {
    /// Where it listens: `http://127.0.0.1:port`.
    pub url: String,
    /// What it was started with.
    pub state: AppState,
    /// The provider `fake` of its payments.
    pub fake: FakeProvider,
}

impl Service {
    /// Starts a service on the database of a test, with its clock and ids.
    pub async fn start(make: &Make, limits: Limits) -> Self {
        Self::start_on(make, make.db.clone(), limits).await
    }

    /// The same, on a pool of its own.
    pub async fn start_on(make: &Make, pool: PgPool, limits: Limits) -> Self {
        let fake = make.fake();
        let state = state(pool, &make.context, &fake, limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, state.clone(), async {
            drop(stopped.await);
        }));
        make.lease.on_end(move || async move {
            drop(stop);
            // A client that keeps its connection open is not waited for.
            serving.abort();
            drop(serving.await);
        });
        Self { url, state, fake }
    }
}

/// What a service stands on.
pub fn state(pool: PgPool, context: &Context, fake: &FakeProvider, limits: Limits) -> AppState {
    let internal = InternalProvider::new(pool.clone(), context.clone());
    let providers: [Arc<dyn Provider>; 3] =
        [Arc::new(fake.clone()), Arc::new(internal), Arc::new(ManualProvider)];
    let metrics = Arc::new(Metrics::default());
    AppState::new(pool, context.clone(), Providers::new(providers), limits, metrics)
}

/// Somebody who asks the service, with a token or none.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    /// Somebody without a token.
    pub fn new(url: &str) -> Self {
        // The client wants to know how to speak TLS, although it never does here.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, url: url.to_owned(), token: None }
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same without a token.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// A request that is about to be sent.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let mut builder = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            builder = builder.bearer_auth(token);
        }
        Request { builder }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// Sends JSON; with an idempotency key of its own, which a route that needs none passes over.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let key = uuid::Uuid::new_v4().to_string();
        self.request(Method::POST, path).key(&key).json(&body).send().await
    }

    /// Replaces.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PUT, path).json(&body).send().await
    }

    /// Changes.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PATCH, path).json(&body).send().await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send().await
    }
}

/// A request that is about to be sent.
#[derive(Debug)]
#[must_use]
pub struct Request {
    builder: reqwest::RequestBuilder,
}

impl Request {
    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// With an idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", &format!("\"{key}\""))
    }

    /// With a body of JSON.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// With a body of any bytes.
    pub fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.builder = self.builder.body(body);
        self
    }

    /// Sends it, and reads the whole answer.
    pub async fn send(self) -> Answer {
        Answer::read(self.builder.send().await.unwrap()).await
    }
}

/// A service and somebody whom it does not know.
#[derive(Debug, Clone)]
pub struct TestClient {
    /// The factories, on the database of the service.
    pub make: Make,
    /// The service.
    pub service: Service,
    client: Client,
}

impl Deref for TestClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl FromLease for TestClient {
    type Error = sqlx::Error;

    async fn from_lease(lease: &Lease) -> Result<Self, Self::Error> {
        let make = Make::from_lease(lease).await?;
        let service = Service::start(&make, Limits::default()).await;
        let client = Client::new(&service.url);
        Ok(Self { make, service, client })
    }
}

/// A service and somebody whose key may do everything.
#[derive(Debug, Clone)]
pub struct AuthedClient {
    /// The factories, on the database of the service.
    pub make: Make,
    /// The service.
    pub service: Service,
    client: Client,
}

impl Deref for AuthedClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl FromLease for AuthedClient {
    type Error = sqlx::Error;

    async fn from_lease(lease: &Lease) -> Result<Self, Self::Error> {
        let TestClient { make, service, client } = TestClient::from_lease(lease).await?;
        let client = client.with_token(&key(&make, &every_scope(&make).await).await);
        Ok(Self { make, service, client })
    }
}

/// Every scope there is.
pub async fn every_scope(make: &Make) -> BTreeSet<Slug> {
    let scopes: Vec<Slug> =
        sqlx::query_scalar("SELECT code::text FROM api_scope").fetch_all(&make.db).await.unwrap();
    scopes.into_iter().collect()
}

/// A key with these scopes that does not expire.
pub async fn key(make: &Make, scopes: &BTreeSet<Slug>) -> String {
    create(make, scopes, None).await
}

/// The same, that may ask so often in a minute.
pub async fn limited_key(make: &Make, scopes: &BTreeSet<Slug>, per_minute: i32) -> String {
    create(make, scopes, Some(per_minute)).await
}

async fn create(make: &Make, scopes: &BTreeSet<Slug>, per_minute: Option<i32>) -> String {
    let request = CreateKey {
        name: "test".parse().unwrap(),
        scopes: scopes.clone(),
        expires_at: None,
        per_minute,
    };
    create_key(&make.db, &make.context, &request).await.unwrap().1.reveal()
}
