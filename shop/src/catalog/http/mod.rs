//! The routes of the catalogue.

mod price;
mod product;
mod tax;
mod variant;

use utoipa_axum::router::OpenApiRouter;

use crate::http::AppState;

/// The routes of the catalogue.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(product::routes())
        .merge(variant::routes())
        .merge(price::routes())
        .merge(tax::routes())
}
