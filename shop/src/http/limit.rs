//! How much is allowed: the size and the time of a request, how many at once.
//!
//! In: [`Limits`]. Out: a layer around every route. What is too much is refused at once, with 429
//! or 503 and `Retry-After`; what was begun is finished, also when its caller has gone.
//!
//! Every visit takes several requests, and one that is turned away after half of them has cost
//! what another could have bought with. So new carts are turned away first, long before anything
//! else: who is in is served at once, and who is not is told so at once.
//!
//! **Invariant**: a change runs in a task of its own, so that no lost connection stops it half way.

use std::num::NonZeroI32;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;

use super::{AppState, Code, Problem};
use crate::telemetry::sql::carried;

/// How much of what is allowed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// From the first byte of a request to the first of its answer.
    pub time: Duration,
    /// How long a connection may stay quiet; at least twice the time of a request.
    pub quiet: Duration,
    /// Requests at once; more are refused with 503.
    pub in_flight: usize,
    /// Requests at once while new carts are still made; beyond, they are refused with 503.
    pub busy: usize,
    /// Requests of a key in a minute of the clock, over all instances of the service, where the key
    /// has no limit of its own.
    pub per_minute: NonZeroI32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            time: Duration::from_secs(30),
            quiet: Duration::from_secs(75),
            in_flight: 256,
            busy: 24,
            per_minute: NonZeroI32::new(600_000).unwrap_or(NonZeroI32::MAX),
        }
    }
}

/// Lets so many in at once.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    permits: Arc<Semaphore>,
    size: u32,
}

impl Gate {
    pub(super) fn new(size: usize) -> Self {
        let size = u32::try_from(size).unwrap_or(u32::MAX).max(1);
        Self { permits: Arc::new(Semaphore::new(size as usize)), size }
    }

    fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// How many are in.
    fn inside(&self) -> usize {
        (self.size as usize).saturating_sub(self.permits.available_permits())
    }

    /// Waits until nobody is in.
    pub(super) async fn empty(&self) {
        drop(self.permits.acquire_many(self.size).await);
    }
}

/// Whether a request begins what others will follow.
fn begins(request: &Request) -> bool {
    *request.method() == Method::POST && request.uri().path() == "/v1/carts"
}

/// Everything that is the same for all routes.
pub(super) async fn around(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let busy = begins(&request) && state.gate.inside() >= state.limits.busy;
    let Some(permit) = state.gate.enter().filter(|_| !busy) else {
        return Problem::new(Code::Overloaded).retry_after(1).into_response();
    };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let answer = async move {
        let answer = next.run(request).await;
        drop(permit);
        answer
    };
    let late = |_| Problem::new(Code::TimedOut).retry_after(1).into_response();
    if reads {
        return tokio::time::timeout(state.limits.time, answer).await.unwrap_or_else(late);
    }
    let task = tokio::spawn(carried(answer).in_current_span());
    match tokio::time::timeout(state.limits.time, task).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(stopped)) => match stopped.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Problem::new(Code::Unavailable).retry_after(1).into_response(),
        },
        Err(elapsed) => late(elapsed),
    }
}
