//! The routes of stock.

mod level;
mod location;
mod movement;
mod reservation;
mod transfer;

use utoipa_axum::router::OpenApiRouter;

use crate::http::AppState;

/// The routes of stock.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(location::routes())
        .merge(level::routes())
        .merge(movement::routes())
        .merge(reservation::routes())
        .merge(transfer::routes())
}
