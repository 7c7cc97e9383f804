//! `/v1/carts/{id}/lines` and `/v1/carts/{id}/vouchers`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::request;
use crate::cart::{
    AddLineError, EnterVoucherError, RemoveLineError, SetLine, SetQuantityError,
    WithdrawVoucherError, add_line, enter_voucher, remove_line, set_quantity, withdraw_voucher,
};
use crate::http::{AppState, Body, Caller, Problem, Seen, Segment, Tag, problems};
use crate::id::{CartId, VariantId, VoucherId};
use crate::money::Money;
use crate::value::Quantity;

problems!(AddLineError {
    E::NotForSale => VariantNotForSale,
    E::TooMany => QuantityTooLarge,
} inside Cart);
problems!(SetQuantityError {
    E::NotInCart => CartLineNotFound,
    E::NotForSale => VariantNotForSale,
} inside Cart);
problems!(RemoveLineError { E::NotInCart => CartLineNotFound } inside Cart);
problems!(EnterVoucherError {
    E::Unknown => VoucherUnknown,
    E::UsedUp => VoucherUsedUp,
    E::NeedsCustomer => VoucherNeedsCustomer,
} inside Cart);
problems!(WithdrawVoucherError { E::NotEntered => VoucherNotEntered } inside Cart);

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(add))
        .routes(routes!(set, remove))
        .routes(routes!(enter))
        .routes(routes!(withdraw))
}

/// Units for a cart.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLine {
    variant: VariantId,
    quantity: Quantity,
}

/// How many a line shall have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewQuantity {
    quantity: Quantity,
}

/// A line as it is now.
#[derive(Debug, Serialize, ToSchema)]
struct Line {
    variant: VariantId,
    quantity: Quantity,
    unit_price: Money,
    /// The version of the cart.
    version: i64,
}

fn line(set: SetLine) -> (Tag, Json<Line>) {
    let SetLine { variant, quantity, unit_price, version } = set;
    (Tag(version), Json(Line { variant, quantity, unit_price, version }))
}

/// Adds units to a cart; to its line of the variant, if there is one.
#[utoipa::path(post, path = "/v1/carts/{id}/lines", tag = "carts", request_body = NewLine,
    params(("id" = CartId, Path), Seen),
    security(("api_key" = ["carts.write"]), ("cart_token" = [])),
    responses((status = 200, body = Line, headers(("ETag" = String)))))]
async fn add(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<CartId>,
    seen: Seen,
    Body(NewLine { variant, quantity }): Body<NewLine>,
) -> Result<(Tag, Json<Line>), Problem> {
    let (context, request) = (caller.context(&state), request(&caller, id, seen));
    Ok(line(add_line(&state.pool, &context, &request, variant, quantity).await?))
}

/// Sets how many of a variant a cart has.
#[utoipa::path(put, path = "/v1/carts/{id}/lines/{variant}", tag = "carts",
    request_body = NewQuantity,
    params(("id" = CartId, Path), ("variant" = VariantId, Path), Seen),
    security(("api_key" = ["carts.write"]), ("cart_token" = [])),
    responses((status = 200, body = Line, headers(("ETag" = String)))))]
async fn set(
    State(state): State<AppState>,
    caller: Caller,
    Segment((id, variant)): Segment<(CartId, VariantId)>,
    seen: Seen,
    Body(NewQuantity { quantity }): Body<NewQuantity>,
) -> Result<(Tag, Json<Line>), Problem> {
    let (context, request) = (caller.context(&state), request(&caller, id, seen));
    Ok(line(set_quantity(&state.pool, &context, &request, variant, quantity).await?))
}

/// Takes a variant out of a cart.
#[utoipa::path(delete, path = "/v1/carts/{id}/lines/{variant}", tag = "carts",
    params(("id" = CartId, Path), ("variant" = VariantId, Path), Seen),
    security(("api_key" = ["carts.write"]), ("cart_token" = [])),
    responses((status = 204, headers(("ETag" = String)))))]
async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Segment((id, variant)): Segment<(CartId, VariantId)>,
    seen: Seen,
) -> Result<(Tag, StatusCode), Problem> {
    let (context, request) = (caller.context(&state), request(&caller, id, seen));
    let version = remove_line(&state.pool, &context, &request, variant).await?;
    Ok((Tag(version), StatusCode::NO_CONTENT))
}

/// A voucher's code, in capitals or not.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnteredCode {
    #[schema(max_length = 200)]
    code: String,
}

/// A voucher that was entered.
#[derive(Debug, Serialize, ToSchema)]
struct Entered {
    voucher: VoucherId,
}

/// Enters a voucher; nothing is claimed before the order is placed.
#[utoipa::path(post, path = "/v1/carts/{id}/vouchers", tag = "carts", request_body = EnteredCode,
    params(("id" = CartId, Path), Seen),
    security(("api_key" = ["carts.write"]), ("cart_token" = [])),
    responses((status = 200, body = Entered)))]
async fn enter(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<CartId>,
    seen: Seen,
    Body(EnteredCode { code }): Body<EnteredCode>,
) -> Result<Json<Entered>, Problem> {
    let (context, request) = (caller.context(&state), request(&caller, id, seen));
    let voucher = enter_voucher(&state.pool, &context, &request, &code).await?;
    Ok(Json(Entered { voucher }))
}

/// Takes a voucher out of a cart.
#[utoipa::path(delete, path = "/v1/carts/{id}/vouchers/{voucher}", tag = "carts",
    params(("id" = CartId, Path), ("voucher" = VoucherId, Path), Seen),
    security(("api_key" = ["carts.write"]), ("cart_token" = [])),
    responses((status = 204, headers(("ETag" = String)))))]
async fn withdraw(
    State(state): State<AppState>,
    caller: Caller,
    Segment((id, voucher)): Segment<(CartId, VoucherId)>,
    seen: Seen,
) -> Result<(Tag, StatusCode), Problem> {
    let (context, request) = (caller.context(&state), request(&caller, id, seen));
    let version = withdraw_voucher(&state.pool, &context, &request, voucher).await?;
    Ok((Tag(version), StatusCode::NO_CONTENT))
}
