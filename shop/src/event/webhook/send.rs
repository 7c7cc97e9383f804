//! One request to an endpoint.

use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Url};

use super::Signature;
use super::guard::{NotPublic, Reach, Resolver, check};

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why nothing can be sent at all.
#[derive(Debug, thiserror::Error)]
#[error("webhooks cannot be sent")]
pub struct SenderError(#[from] reqwest::Error);

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The status, or why there is none.
    pub answer: Result<u16, Failed>,
    /// How long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
    /// How long it took.
    pub took: Duration,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// It leads inside.
    #[error("the address is not public")]
    NotPublic,
    /// Nothing to connect to.
    #[error("no connection")]
    NoConnection,
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// What came was no answer.
    #[error("the connection broke")]
    Broken,
    /// The URL is not one.
    #[error("not a URL")]
    NoUrl,
}

/// Sends, without following redirects, without a proxy, to addresses that were checked.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    reach: Reach,
}

impl Sender {
    /// A sender that reaches so far.
    ///
    /// # Errors
    /// There are no root certificates.
    pub fn new(reach: Reach) -> Result<Self, SenderError> {
        // Another part of the process may have chosen already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .dns_resolver(Resolver(reach))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(2)
            .user_agent(concat!("shop/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, reach })
    }

    /// Posts a signed body and waits for the status; the rest of the answer is not read.
    pub async fn send(&self, url: &str, signature: &Signature, body: Vec<u8>) -> Sent {
        let begun = Instant::now();
        let (answer, retry_after) = match self.post(url, signature, body).await {
            Ok((status, retry_after)) => (Ok(status), retry_after),
            Err(failed) => (Err(failed), None),
        };
        Sent { answer, retry_after, took: begun.elapsed() }
    }

    async fn post(
        &self,
        url: &str,
        signature: &Signature,
        body: Vec<u8>,
    ) -> Result<(u16, Option<Duration>), Failed> {
        let url: Url = url.parse().map_err(|_| Failed::NoUrl)?;
        check(&url, self.reach).map_err(|NotPublic| Failed::NotPublic)?;
        let answer = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &signature.id)
            .header("webhook-timestamp", signature.timestamp)
            .header("webhook-signature", &signature.signatures)
            .body(body)
            .send()
            .await
            .map_err(|error| why(&error))?;
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after =
            seconds.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        Ok((answer.status().as_u16(), retry_after))
    }
}

fn why(error: &reqwest::Error) -> Failed {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        let of_guard = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if error.is::<NotPublic>()
            || of_guard.and_then(|inner| inner.downcast_ref::<NotPublic>()).is_some()
        {
            return Failed::NotPublic;
        }
        next = error.source();
    }
    if error.is_timeout() {
        Failed::TimedOut
    } else if error.is_connect() {
        Failed::NoConnection
    } else {
        Failed::Broken
    }
}
