//! A page for whoever runs the shop: stock, orders, payments, events, and how far the worker is.
//!
//! In: the database. Out: HTML that needs no script, no build, and nothing from elsewhere. It asks
//! for no key, so it listens on this machine only, and answers only to names of this machine: a
//! page of somebody else in the same browser cannot read it by a name of its own.
//!
//! **Invariant**: reads, and nothing else: every transaction here is READ ONLY.

mod page;
mod read;

use std::io;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::OrderId;

const STYLE: &str = include_str!("../../templates/admin/style.css");

/// What a page needs.
#[derive(Debug, Clone)]
struct Desk {
    pool: PgPool,
    context: Context,
}

/// Answers until `shutdown` is ready.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    pool: PgPool,
    context: Context,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(pool, context)).with_graceful_shutdown(shutdown).await
}

/// The pages.
pub fn router(pool: PgPool, context: Context) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/stock", get(stock))
        .route("/orders", get(orders))
        .route("/orders/{id}", get(order))
        .route("/payments", get(payments))
        .route("/events", get(events))
        .route("/style.css", get(async || ([(header::CONTENT_TYPE, "text/css")], STYLE)))
        .fallback(async || Trouble::NotFound)
        .layer(middleware::from_fn(guard))
        .with_state(Desk { pool, context })
}

/// Only names of this machine, only reading; and what the browser may do with the answer.
async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let name = host.unwrap_or_default();
    let name = name.rsplit_once(':').map_or(name, |(name, port)| {
        // An address of IPv6 has colons of its own, and brackets.
        if port.ends_with(']') { host.unwrap_or_default() } else { name }
    });
    if !matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let mut response = next.run(request).await;
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What is shown instead of a page.
#[derive(Debug)]
enum Trouble {
    NotFound,
    Database(DatabaseError),
    Template(askama::Error),
}

impl From<DatabaseError> for Trouble {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Not here", "There is nothing at this path."),
            Self::Database(error) => {
                let described = crate::telemetry::log::Described(&error);
                tracing::warn!(error = %described, "the admin page could not read the database");
                let text = "The database did not answer. The page can be loaded again.";
                (StatusCode::SERVICE_UNAVAILABLE, "Not now", text)
            }
            Self::Template(error) => {
                tracing::error!(%error, "a template failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "Not well", "The page could not be written.")
            }
        };
        match (page::Trouble { title, text }).render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => status.into_response(),
        }
    }
}

fn shown(page: &impl Template) -> Result<Html<String>, Trouble> {
    page.render().map(Html).map_err(Trouble::Template)
}

/// Where a list goes on.
#[derive(Debug, Deserialize)]
struct Place {
    after: Option<String>,
    q: Option<String>,
}

impl Place {
    /// The id that the list goes on behind; one that is none begins anew.
    fn id<I: std::str::FromStr>(&self) -> Option<I> {
        self.after.as_deref().and_then(|text| text.parse().ok())
    }
}

async fn overview(State(desk): State<Desk>) -> Result<Html<String>, Trouble> {
    shown(&read::overview(&desk.pool, desk.context.now()).await?)
}

async fn stock(
    State(desk): State<Desk>,
    Query(place): Query<Place>,
) -> Result<Html<String>, Trouble> {
    let wanted = place.q.unwrap_or_default();
    shown(&read::stock(&desk.pool, &wanted, place.after.as_deref()).await?)
}

async fn orders(
    State(desk): State<Desk>,
    Query(place): Query<Place>,
) -> Result<Html<String>, Trouble> {
    shown(&read::orders(&desk.pool, place.id()).await?)
}

async fn order(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Html<String>, Trouble> {
    let id: OrderId = id.parse().map_err(|_| Trouble::NotFound)?;
    shown(&read::order(&desk.pool, id).await?.ok_or(Trouble::NotFound)?)
}

async fn payments(
    State(desk): State<Desk>,
    Query(place): Query<Place>,
) -> Result<Html<String>, Trouble> {
    shown(&read::payments(&desk.pool, place.id()).await?)
}

async fn events(
    State(desk): State<Desk>,
    Query(place): Query<Place>,
) -> Result<Html<String>, Trouble> {
    shown(&read::events(&desk.pool, place.id()).await?)
}
