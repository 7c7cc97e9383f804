//! The routes of the catalogue.

mod product;

use utoipa_axum::router::OpenApiRouter;

use crate::http::AppState;

/// The routes of the catalogue.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(product::routes())
}
