//! Whether the service lives, whether it should be asked, and what it measures.
//!
//! In: a pool and the metrics. Out: `/health/live`, `/health/ready`, `/metrics`.
//!
//! `live` asks nobody: a service whose database is away must not be restarted for it. `ready`
//! asks the database, within a second, and whether the service is about to end. How far the worker
//! is behind makes no service unready, because taking it away would not help: that is a metric.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use sqlx::PgPool;

use super::metrics::Metrics;

/// How long the database may take to answer before the service is not ready.
const READY_WITHIN: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct Watched {
    pool: PgPool,
    metrics: Arc<Metrics>,
}

/// The routes for whoever runs the service. Nothing in them is a secret, but metrics tell how much
/// is sold: they belong on an address that customers do not reach.
pub fn routes<S>(pool: PgPool, metrics: Arc<Metrics>) -> Router<S> {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(measured))
        .with_state(Watched { pool, metrics })
}

async fn live() -> Response {
    answer(StatusCode::OK, "live")
}

async fn ready(State(watched): State<Watched>) -> Response {
    if watched.metrics.is_draining() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "draining");
    }
    // A table of the shop, so that a database without the schema is not ready either.
    let asked = sqlx::query("SELECT FROM event_type LIMIT 1").execute(&watched.pool);
    match tokio::time::timeout(READY_WITHIN, asked).await {
        Ok(Ok(_)) => answer(StatusCode::OK, "ready"),
        Ok(Err(sqlx::Error::Database(_))) => answer(StatusCode::SERVICE_UNAVAILABLE, "no schema"),
        Ok(Err(_)) => answer(StatusCode::SERVICE_UNAVAILABLE, "no database"),
        Err(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "database too slow"),
    }
}

fn answer(status: StatusCode, text: &str) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, axum::Json(json!({ "status": text }))).into_response()
}

async fn measured(State(watched): State<Watched>) -> Response {
    match watched.metrics.scrape(&watched.pool).await {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
