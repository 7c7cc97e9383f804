//! `/v1/promotions` and `/v1/vouchers`, and what shipping costs.

mod promotion;
mod shipping;
mod voucher;

use utoipa_axum::router::OpenApiRouter;

use crate::http::AppState;

/// The routes of prices that are not of the list.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(promotion::routes())
        .merge(voucher::routes())
        .merge(shipping::routes())
}
