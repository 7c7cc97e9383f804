//! Visits over HTTP: from the empty cart to the paid order, each step asked until it is answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

/// How long somebody asks for one step before the test has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where the service is at the moment; it may come back elsewhere.
#[derive(Debug, Clone)]
pub struct Whereabouts(Arc<Mutex<String>>);

impl Whereabouts {
    pub fn new(url: &str) -> Self {
        Self(Arc::new(Mutex::new(url.to_owned())))
    }

    pub fn moved(&self, url: &str) {
        url.clone_into(&mut self.0.lock().unwrap());
    }

    fn url(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// Somebody who buys, and asks again with the same key until there is an answer.
#[derive(Debug, Clone)]
pub struct Buyer {
    http: Client,
    at: Whereabouts,
    key: String,
    variant: String,
}

/// What a buyer was told with a status below 300.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bought {
    pub order: String,
    /// In cents.
    pub total: i64,
    pub payment: String,
}

impl Buyer {
    pub fn new(at: &Whereabouts, key: &str, variant: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { http, at: at.clone(), key: key.to_owned(), variant: variant.to_owned() }
    }

    /// Asks until there is an answer that is not "later". None if a request that nobody has
    /// finished holds the key: who dies while a provider is asked is waited for a minute.
    async fn ask(&self, path: &str, token: &str, body: &Value) -> Option<(u16, Value)> {
        let key = format!("\"{}\"", uuid::Uuid::new_v4());
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let request = self.http.post(format!("{}{path}", self.at.url())).bearer_auth(token);
            let request = request
                .header("content-type", "application/json")
                .header("idempotency-key", &key)
                .body(body.to_string());
            if let Ok(response) = request.send().await {
                let status = response.status().as_u16();
                let after = response.headers().contains_key("retry-after");
                if let Ok(text) = response.text().await {
                    let body: Value = serde_json::from_str(&text).unwrap_or_default();
                    match status {
                        409 if body["code"] == "request_in_progress" => return None,
                        409 if body["code"] == "busy" => {}
                        503 => assert!(after, "{path}: {text}"),
                        500.. => panic!("{path}: {status} {text}"),
                        _ => return Some((status, body)),
                    }
                }
            }
            // Not a wait for something to be over, only for not asking in a tight loop.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{path} was not answered")
    }

    async fn done(&self, path: &str, token: &str, body: &Value) -> Result<Value, String> {
        match self.ask(path, token, body).await {
            Some((..300, body)) => Ok(body),
            refused => Err(format!("{path}: {refused:?}")),
        }
    }

    /// One visit.
    ///
    /// # Errors
    /// The step that was refused, which one without a key may be when it is repeated after a lost
    /// answer.
    pub async fn visit(&self) -> Result<Bought, String> {
        let text = |value: &Value, name: &str| {
            value[name].as_str().map(str::to_owned).ok_or_else(|| format!("{name}: {value}"))
        };
        let new = json!({ "currency": "EUR", "tax_included": true });
        let cart = self.done("/v1/carts", &self.key, &new).await?;
        let (id, token) = (text(&cart, "id")?, text(&cart, "token")?);
        let line = json!({ "variant": self.variant, "quantity": 1 });
        self.done(&format!("/v1/carts/{id}/lines"), &token, &line).await?;
        let there = json!({ "country": "DE" });
        self.done(&format!("/v1/carts/{id}/checkout"), &token, &there).await?;
        let order = json!({ "cart": id, "email": "buyer@example.org", "country": "DE" });
        let order = self.done("/v1/orders", &token, &order).await?;
        let payment = json!({
            "order": order["id"], "amount": order["total"], "method_type": "card",
            "provider": "fake",
        });
        let payment = text(&self.done("/v1/payments", &token, &payment).await?, "id")?;
        let path = format!("/v1/payments/{payment}/attempts");
        let attempt = self.done(&path, &token, &json!({ "token": "tok_visa" })).await?;
        assert_eq!(attempt["payment_state"], "captured", "{attempt}");
        let total = order["total"]["minor"].as_i64().unwrap();
        Ok(Bought { order: text(&order, "id")?, total, payment })
    }
}

/// Buyers who go on buying until they are told to stop.
#[derive(Debug)]
pub struct Crowd {
    buyers: JoinSet<()>,
    heard: UnboundedReceiver<Bought>,
    bought: Vec<Bought>,
    closing: Arc<AtomicBool>,
    refused: Arc<Mutex<Option<String>>>,
}

impl Crowd {
    pub fn start(size: usize, buyer: &Buyer) -> Self {
        let (told, heard) = unbounded_channel();
        let closing = Arc::new(AtomicBool::new(false));
        let refused = Arc::new(Mutex::new(None));
        let mut buyers = JoinSet::new();
        for _ in 0..size {
            let (buyer, told) = (buyer.clone(), told.clone());
            let (closing, refused) = (Arc::clone(&closing), Arc::clone(&refused));
            buyers.spawn(async move {
                while !closing.load(Ordering::Relaxed) {
                    match buyer.visit().await {
                        Ok(bought) => drop(told.send(bought)),
                        Err(why) => *refused.lock().unwrap() = Some(why),
                    }
                }
            });
        }
        Self { buyers, heard, bought: Vec::new(), closing, refused }
    }

    /// Waits until so many more visits were finished.
    pub async fn buys(&mut self, more: usize) {
        for _ in 0..more {
            let next = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
            let Ok(Some(bought)) = next else {
                panic!("nobody buys; {:?}", self.refused.lock().unwrap());
            };
            self.bought.push(bought);
        }
    }

    /// Lets everybody finish what they are at; gives all that was bought.
    pub async fn closes(mut self) -> Vec<Bought> {
        self.closing.store(true, Ordering::Relaxed);
        while let Some(buyer) = self.buyers.join_next().await {
            buyer.unwrap();
        }
        while let Ok(bought) = self.heard.try_recv() {
            self.bought.push(bought);
        }
        self.bought
    }
}
