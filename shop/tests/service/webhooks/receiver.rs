//! A receiver of webhooks that notes what comes and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use shop::event::webhook::{Secret, Signature, verify};

use crate::make::Make;

/// What came.
#[derive(Debug, Clone)]
pub struct Came {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Came {
    pub fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether it is believed by somebody who has this secret.
    pub fn is_signed_with(&self, make: &Make, secret: &str) -> bool {
        let secret: Secret = secret.parse().unwrap();
        let signature = Signature {
            id: self.header("webhook-id"),
            timestamp: self.header("webhook-timestamp").parse().unwrap(),
            signatures: self.header("webhook-signature"),
        };
        let tolerance = TimeDelta::minutes(5);
        verify(&secret, &signature, &self.body, make.context.now(), tolerance).is_ok()
    }
}

type Answers = VecDeque<(u16, Vec<(&'static str, String)>)>;

#[derive(Debug, Default)]
struct Inside {
    came: Vec<Came>,
    answers: Answers,
}

/// Listens on a free port until its test ends.
#[derive(Debug, Clone)]
pub struct Receiver {
    pub url: String,
    inside: Arc<Mutex<Inside>>,
}

impl Receiver {
    pub async fn start(make: &Make) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside: Arc<Mutex<Inside>> = Arc::default();
        let app = axum::Router::new().fallback(take).with_state(Arc::clone(&inside));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        make.lease.on_end(move || async move {
            serving.abort();
            drop(serving.await);
        });
        Self { url, inside }
    }

    /// What the next requests are answered with; 204 when nothing is left to say.
    pub fn answer(&self, statuses: &[u16]) {
        let answers = statuses.iter().map(|status| (*status, Vec::new()));
        self.inside.lock().unwrap().answers.extend(answers);
    }

    /// The same with a header.
    pub fn answer_with(&self, status: u16, name: &'static str, value: &str) {
        let answer = (status, vec![(name, value.to_owned())]);
        self.inside.lock().unwrap().answers.push_back(answer);
    }

    pub fn came(&self) -> Vec<Came> {
        self.inside.lock().unwrap().came.clone()
    }
}

async fn take(
    State(inside): State<Arc<Mutex<Inside>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut inside = inside.lock().unwrap();
    inside.came.push(Came { path: uri.path().to_owned(), headers, body });
    let (status, extra) = inside.answers.pop_front().unwrap_or((204, Vec::new()));
    let mut response = StatusCode::from_u16(status).unwrap().into_response();
    for (name, value) in extra {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
