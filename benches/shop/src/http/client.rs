//! A buyer: makes a cart, fills it, checks out, places the order, and pays.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use serde_json::{Value, json};
use shop::id::{CartId, LocationId, VariantId};
use uuid::Uuid;

/// What the service answered.
#[derive(Debug)]
pub(super) enum Told {
    Done(Value),
    /// 503 with `Retry-After`.
    Shed,
    /// A problem, by its code.
    Refused(u16, String),
}

/// A client with a key of the shop and the variants there are.
#[derive(Debug, Clone)]
pub(super) struct Buyer {
    http: reqwest::Client,
    url: Arc<str>,
    key: Arc<str>,
    variants: Arc<Vec<VariantId>>,
    next: Arc<AtomicUsize>,
}

/// An order that was placed and paid.
#[derive(Debug, Clone)]
pub(super) struct Bought {
    pub(super) payment: String,
}

/// Why a visit ended early.
#[derive(Debug)]
pub(super) enum Ended {
    Shed,
    Failed(String),
}

impl From<anyhow::Error> for Ended {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}

impl Buyer {
    pub(super) fn new(url: &str, key: &str, variants: Arc<Vec<VariantId>>) -> anyhow::Result<Self> {
        // The client wants to know how to speak TLS, although it never does here.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .pool_max_idle_per_host(4_096)
            .build()?;
        let (url, key) = (url.into(), key.into());
        Ok(Self { http, url, key, variants, next: Arc::default() })
    }

    pub(super) async fn post(&self, path: &str, token: &str, body: Value) -> anyhow::Result<Told> {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(token);
        let request = request
            .header("content-type", "application/json")
            .header("idempotency-key", format!("\"{}\"", Uuid::new_v4()));
        let response = request.body(body.to_string()).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        Ok(if status.is_success() {
            Told::Done(body)
        } else if status == 503 && headers.contains_key("retry-after") {
            Told::Shed
        } else {
            Told::Refused(status.as_u16(), body["code"].as_str().unwrap_or(&text).to_owned())
        })
    }

    async fn done(&self, path: &str, token: &str, body: Value) -> Result<Value, Ended> {
        match self.post(path, token, body).await? {
            Told::Done(body) => Ok(body),
            Told::Shed => Err(Ended::Shed),
            Told::Refused(status, code) => Err(Ended::Failed(format!("{path}: {status} {code}"))),
        }
    }

    fn variant(&self) -> VariantId {
        self.variants[self.next.fetch_add(1, Ordering::Relaxed) % self.variants.len()]
    }

    /// From the empty cart to the paid order: seven requests.
    pub(super) async fn visit(&self) -> Result<Bought, Ended> {
        let text = |value: &Value, name: &str| -> Result<String, Ended> {
            let text = value[name].as_str().with_context(|| format!("no {name} in {value}"))?;
            Ok(text.to_owned())
        };
        let new = json!({ "currency": "EUR", "tax_included": true });
        let cart = self.done("/v1/carts", &self.key, new).await?;
        let (id, token) = (text(&cart, "id")?, text(&cart, "token")?);
        for _ in 0..2 {
            let line = json!({ "variant": self.variant(), "quantity": 1 });
            self.done(&format!("/v1/carts/{id}/lines"), &token, line).await?;
        }
        self.done(&format!("/v1/carts/{id}/checkout"), &token, json!({})).await?;
        let order = json!({ "cart": id, "email": "buyer@example.org", "country": "DE" });
        let order = self.done("/v1/orders", &token, order).await?;
        let payment = json!({
            "order": order["id"], "amount": order["total"], "method_type": "card",
            "provider": "fake",
        });
        let payment = self.done("/v1/payments", &token, payment).await?;
        let payment = text(&payment, "id")?;
        let path = format!("/v1/payments/{payment}/attempts");
        let attempt = self.done(&path, &token, json!({ "token": "tok_visa" })).await?;
        if attempt["payment_state"] != "captured" {
            return Err(Ended::Failed(format!("not captured: {attempt}")));
        }
        Ok(Bought { payment })
    }

    /// Holds one unit for a cart.
    pub(super) async fn hold(
        &self,
        cart: CartId,
        variant: VariantId,
        location: LocationId,
    ) -> anyhow::Result<Told> {
        let body = json!({ "cart": cart, "variant": variant, "quantity": 1, "location": location });
        self.post("/v1/reservations", &self.key, body).await
    }

    /// Gives all of a payment back.
    pub(super) async fn refund(&self, payment: &str) -> anyhow::Result<Told> {
        let path = format!("/v1/payments/{payment}/refunds");
        self.post(&path, &self.key, json!({ "reason": "requested_by_customer" })).await
    }
}
