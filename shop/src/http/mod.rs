//! The service's HTTP: what all routes have in common.
//!
//! In: an [`AppState`]. Out: [`router`], which answers every request, and [`serve`], which listens
//! until it is told to stop. A route of an aggregate is in the aggregate's folder: it reads the
//! request, calls the operation and says what its error means.
//!
//! **Invariant**: who may ask for what is read from the same OpenAPI document that is published.

mod access;
mod body;
mod caller;
mod code;
mod constraint;
pub mod idempotency;
pub mod key;
mod limit;
mod listen;
pub mod openapi;
mod page;
mod problem;
mod rate;
mod seal;
mod serve;
mod state;
mod version;

pub use body::{Body, Search, Segment};
pub(crate) use body::{parsed, read};
pub use caller::Caller;
pub use code::Code;
pub use constraint::{constraints, of_constraint};
pub use limit::Limits;
pub use page::{Limit, Page, PageQuery};
pub(crate) use problem::problems;
pub use problem::{PROBLEM_JSON, Problem};
pub use rate::forget_windows;
pub use serve::serve;
pub use state::{AppState, Providers};
pub(crate) use version::{Seen, Tag};

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::money::{Currency, Money};
use crate::telemetry;

/// An amount as the database stores it.
pub(crate) fn stored_money(minor: i64, currency: Currency) -> Result<Money, Problem> {
    Money::new(minor, currency).map_err(|_| Problem::new(Code::Internal))
}

/// Every route of the aggregates, with what the document says of them.
fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(crate::catalog::http::routes())
        .merge(crate::event::webhook::http::routes())
        .merge(crate::customer::http::routes())
        .merge(crate::inventory::http::routes())
        .merge(crate::cart::http::routes())
        .merge(crate::pricing::http::routes())
        .merge(crate::order::http::routes())
        .merge(crate::payment::http::routes())
        .merge(crate::event::http::routes())
        .merge(key::routes())
}

/// The whole service: every route, and around them identity, limits and problems.
pub fn router(state: AppState) -> Router {
    let (routes, document) = openapi::finish(routes());
    let access = Arc::new(access::Access::of(&document));
    let text: Arc<str> = openapi::text(&document).into();
    state.metrics.know_fields(openapi::field_names(&document));
    routes
        .route("/openapi.json", get(async move || openapi::show(&text)))
        // Providers have no key: they sign.
        .route("/v1/webhooks/{provider}", post(crate::payment::inbound::receive))
        .layer(middleware::from_fn(body::acceptable))
        .merge(SwaggerUi::new("/docs").config(Config::from("/openapi.json")))
        .fallback(async || Problem::new(Code::RouteNotFound))
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(middleware::from_fn_with_state((state.clone(), access), access::check))
        .layer(middleware::from_fn_with_state(state.clone(), limit::around))
        // Whoever runs the service may ask at any time: no key, no limit.
        .merge(telemetry::routes(state.pool.clone(), Arc::clone(&state.metrics)))
        .layer(middleware::from_fn_with_state(Arc::clone(&state.metrics), telemetry::observe))
        .with_state(state)
}
